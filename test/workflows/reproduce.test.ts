import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import type { GridHandle } from '../../client/gridHandle.ts';
import type { GridOptions } from '../../client/gridPlan.ts';
import type { GridInput } from '../../core/grid/spec.ts';
import { usageOf } from '../../core/usage.ts';
import { writeTask } from '../support/stack.ts';
import { useBench } from '../support/suite.ts';

const SIZES = { labelled: 40, unlabelled: 60, test: 40 };
const limits = { labelled: 10, unlabelled: 20, test: 10 };

describe('a grid', () => {
  const bench = useBench('test');

  /** A grid on made-up data, as far as `run` takes it. */
  const reproduce = async (grid: GridInput, base: object = {}): Promise<GridHandle> =>
    bench.client.reproduce(grid, await optionsFor(base));

  async function optionsFor(base: object = {}): Promise<GridOptions> {
    const task = await writeTask(bench.folder, 'base', SIZES, base);
    return { base: { ...task, data: { ...task.data, limits } }, folder: bench.folder };
  }

  const jobs = () => bench.provider.jobs.all().length;
  const isSucceeded = ({ status }: { status: string }) => status === 'succeeded';

  it('computes once what cells share, goes on with what is new, and tells both in its table', async () => {
    await bench.startWorker();
    const grid: GridInput = { name: 'cells-that-share', percentiles: [50, 100] };
    const first = await reproduce(grid);
    const status = await first.result();
    assert.deepEqual([status.total, status.done, status.failed], [2, 2, []]);
    // A warm-up for both, of each the final fine-tune, and of the base SFT of as many steps.
    assert.equal(jobs(), 4);

    const table = await first.table();
    const [vanilla, sft, semievol, all] = table.rows;
    assert.deepEqual(
      table.rows.map(({ names, runs, of }) => [names.join(), runs, of]),
      [
        ['vanilla', 1, 1],
        ['SFT', 1, 1],
        ['semievol,percentile-50', 1, 1],
        ['percentile-100', 1, 1],
      ],
    );
    assert.equal(all!.kept, limits.unlabelled);
    assert.equal(all!.labels.all, semievol!.labels.all);
    const difference = semievol!.value!.mean - sft!.value!.mean;
    assert.ok(Math.abs(semievol!.difference!.mean - difference) < 1e-9);
    assert.ok(vanilla!.value!.mean < sft!.value!.mean);
    const [one, two] = table.runs;
    assert.ok(usageOf(one!.rounds[0]!.usage, 'collaborate').requests > 0);
    for (const phase of ['collaborate', 'evaluate-vanilla', 'evaluate-sft'])
      assert.equal(usageOf(two!.rounds[0]!.usage, phase).requests, 0, phase);

    // Both cells have the same labels: they are told once, by each way and score.
    assert.deepEqual([...new Set(table.labels.map(({ cell }) => cell))], ['semievol']);
    const byEntropy = table.labels.find(
      ({ way, score }) => way === 'justify' && score === 'entropy',
    );
    assert.equal(byEntropy!.precision.at(-1), semievol!.labels.all);
    assert.ok(table.labels.some(({ way, score }) => way === 'vote' && score === 'votes'));

    const asked = bench.provider.requests().length;
    assert.equal((await (await reproduce(grid)).result()).before, 2);
    const seeded: GridInput = { ...grid, seeds: { data: [0, 1] } };
    const soFar = await bench.client.gridTable(seeded, await optionsFor());
    assert.deepEqual(soFar.runs, table.runs);
    assert.deepEqual([soFar.rows[2]!.runs, soFar.rows[2]!.of], [1, 2]);
    assert.equal(bench.provider.requests().length, asked);

    const more = await reproduce(seeded);
    const after = await more.result();
    assert.deepEqual([after.total, after.done, after.before], [4, 4, 2]);
    assert.equal(jobs(), 8);
    const wider = await more.table();
    assert.deepEqual(wider.runs.slice(0, 2), table.runs);
    const row = wider.rows[2]!;
    assert.deepEqual([row.runs, row.of], [2, 2]);
    assert.notEqual(wider.runs[0]!.rounds[0]!.dataset, wider.runs[2]!.rounds[0]!.dataset);
    assert.ok(row.difference!.low! <= row.difference!.mean);
  });

  it('goes on where it was stopped', async () => {
    const { provider } = bench;
    await bench.startWorker();
    const grid: GridInput = { name: 'stopped-grid', cells: [{ name: 'all', spec: ALL }] };
    const first = await reproduce(grid);
    // The final fine-tune of the second cell, and its baseline.
    await provider.until(() => jobs() >= 4);
    provider.jobs.hold();
    const other: GridInput = { ...grid, seeds: { data: [1] } };
    await assert.rejects(reproduce(other), {
      name: 'GridConflict',
      message: /^grid "stopped-grid" is at work with other cells, seeds or data: .* --cancel/,
    });
    await (await bench.client.grid(other, await optionsFor())).cancel();
    await assert.rejects(first.result(), { state: 'cancelled' });
    const [kept] = (await first.table()).runs;
    assert.equal(kept!.cell, 'semievol');
    provider.jobs.release();

    const again = await reproduce(grid);
    assert.equal(again.before, 'ended-early');
    const { done, before } = await again.result();
    assert.deepEqual([done, before], [2, 1]);
    assert.deepEqual((await again.table()).runs[0], kept);
    // The warm-up of the first cell served both.
    const used = provider.jobs.all().filter(isSucceeded);
    assert.equal(new Set(used.map(({ training_file }) => training_file)).size, used.length);
  });

  it('says before it starts which cells cross-fit, and what that takes', async () => {
    const task = await writeTask(bench.folder, 'many', { ...SIZES, labelled: 100 }, {});
    const scores: GridInput['scores'] = ['auto', 'combined', 'votes'];
    const options = { base: task, folder: bench.folder };
    const { notes, warnings } = await bench.client.checkGrid({ name: 'noted', scores }, options);
    assert.deepEqual(warnings, []);
    assert.deepEqual(notes, [
      'score-auto, score-combined: cross-fitting trains 2 further models and asks for 400 further answers: "semievol plan" says what that costs',
    ]);
  });

  it('looks at labels alone where it goes no further', async () => {
    await bench.startWorker();
    const grid = await reproduce({
      ...{ name: 'labels', until: 'select', resolutions: ['vote'] },
      bounds: ['oracle', 'ceiling'],
    });
    const { done, failed } = await grid.result();
    assert.deepEqual([done, failed], [4, []]);
    assert.equal(jobs(), 1);
    const { rows, labels } = await grid.table();
    assert.deepEqual(
      rows.map(({ value, difference }) => [value, difference]),
      rows.map(() => [null, null]),
    );
    const [semievol, , oracle, ceiling] = rows.slice(2);
    assert.ok(semievol!.labels.selected! > 0);
    const right = semievol!.labels.all! * limits.unlabelled;
    assert.deepEqual([oracle!.kept, oracle!.labels.selected], [Math.round(right), 1]);
    assert.deepEqual([ceiling!.kept, ceiling!.labels.selected], [limits.unlabelled, 1]);
    assert.deepEqual([...new Set(labels.map(({ cell }) => cell))], ['semievol', 'resolution-vote']);
    assert.ok(labels.every(({ cell, way }) => cell === 'semievol' || way !== 'justify'));
  });

  it('grades the base model with neighbours in its prompt, and trains nothing for that', async () => {
    const { provider } = bench;
    await bench.startWorker();
    const baselines: GridInput['baselines'] = ['rag-bm25', 'rag-vector'];
    const grid = await reproduce({ name: 'rag', baselines });
    const { done, failed } = await grid.result();
    assert.deepEqual([done, failed], [3, []]);
    assert.equal(jobs(), 3);
    const { rows, runs } = await grid.table();
    const [bm25, vector] = rows.slice(-2);
    assert.deepEqual([bm25!.names, vector!.names], [['rag-bm25'], ['rag-vector']]);
    for (const row of [bm25!, vector!]) {
      assert.ok(row.value!.mean >= 0 && row.difference !== null);
      assert.equal(row.kept, null);
    }
    // Of the two only the base model's answers are new; where they find the same, one has paid.
    const [first, second] = runs.slice(1).map(({ rounds }) => {
      const asked = rounds[0]!.usage.filter((one) => one.requests && one.completionTokens);
      assert.deepEqual([...new Set(asked.map(({ phase }) => phase))], ['evaluate-vanilla']);
      return asked[0]!.requests;
    });
    assert.equal(first, limits.test);
    const shown = provider
      .requests({ kind: 'chat', model: 'smollm2-135m-instruct' })
      .filter(({ body }) => body.messages.filter(({ role }) => role === 'assistant').length === 3);
    assert.equal(shown.length, first! + second!);
  });

  it('tells of a cell that fails, and runs the others', async () => {
    await bench.startWorker();
    const nothing = { selection: { rule: 'paper', percentile: 0 } };
    const cells = [
      { name: 'nothing', spec: nothing },
      { name: 'all', spec: ALL },
    ];
    const grid = await reproduce({ name: 'failing', cells });
    const { done, failed } = await grid.result();
    assert.equal(done, 2);
    assert.deepEqual(
      failed.map(({ run }) => run.split('.')[1]),
      ['nothing'],
    );
    assert.match(failed[0]!.message, /selection\.percentile/);
    const { rows } = await grid.table();
    assert.deepEqual(
      rows.map(({ names, runs }) => [names[0], runs]),
      [
        ['vanilla', 1],
        ['SFT', 1],
        ['semievol', 1],
        ['nothing', 0],
        ['all', 1],
      ],
    );
  });
});

const ALL = { selection: { rule: 'paper', percentile: 100 } };
