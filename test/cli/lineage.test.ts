import assert from 'node:assert/strict';
import { before, describe, it } from 'mocha';
import { explainModel } from '../../client/explain.ts';
import type { ExplainedRow } from '../../core/lineage/explanation.ts';
import type { Lineage, LineageModel } from '../../core/lineage/tree.ts';
import type { RoundReport } from '../../core/roundReport.ts';
import type { RunStatus } from '../../core/status.ts';
import { lookUntil } from '../support/lookUntil.ts';
import { writeTask } from '../support/stack.ts';
import { useBench, useFolder } from '../support/suite.ts';
import { semievol, writeConfigOption } from './support.ts';

const RUN = 'lineage';

describe('the lineage of a run', () => {
  const prices = { 'smollm2-135m-instruct': { training: 3 } };
  const bench = useBench('suite', {}, { prices });
  const files = useFolder('suite');
  let reports: RoundReport[];
  let lineage: Lineage;
  let option: string;
  /** The champion after the first round, and the model that people put in its place. */
  let first: string;
  let other: string;
  let said: string[];
  /** What `status` says between the rounds. */
  let shown: string;

  const command = async (...args: string[]) => {
    const { address } = bench.temporal;
    const { exitCode, stdout, stderr } = await semievol([...args, option], {
      TEMPORAL_ADDRESS: address,
    });
    assert.equal(exitCode, 0, stderr);
    return stdout.trimEnd();
  };
  const modelAs = (role: LineageModel['role'], round = 1) =>
    lineage.models.find((one) => one.role === role && one.round === round)!;

  /** A round, then another champion and back, and again; more data, and a round from there. */
  before(async () => {
    option = await writeConfigOption(files, bench.config);
    const changes = { rounds: 2, next: {}, pool: 'new', earlier: 'keep' };
    const spec = await writeTask(bench.folder, RUN, undefined, changes);
    await bench.startWorker();
    const started = await bench.start(spec);
    const run = bench.client.get(RUN);
    await lookUntil(
      () => started.query<RunStatus>('status'),
      ({ waitsFor }) => waitsFor,
    );

    shown = await command('status', RUN);
    const before = await run.lineage();
    other = before.models.find(({ role }) => role === 'warm-up')!.name;
    said = [
      await command('promote', RUN, other, '--reason', 'a trial', '--by', 'R. Viewer'),
      await command('rollback', RUN, '--reason', 'it was no good'),
    ];
    await run.setChampion({ model: other, name: 'R. Viewer', reason: 'it was good after all' });
    first = before.champion;

    const questions = Array.from({ length: 40 }, (_, index) => `what is number ${500 + index}?`);
    const rows = questions.map((question) => `${JSON.stringify({ question })}\n`);
    await run.add({ unlabelled: [await files.write('more.jsonl', rows.join(''))] });
    said.push(await command('next', RUN));
    await started.result();
    reports = await bench.reports(RUN);
    lineage = await run.lineage();
  });

  it('is of a run that is said to wait between its rounds', () => {
    assert.match(shown, /^lineage: waiting, round 2 of 2\n {2}waits for "semievol next lineage"\n/);
  });

  it('keeps every change of the champion, with who has made it and why', async () => {
    const [one, two, three] = said;
    assert.equal(three, '"lineage" begins round 2');
    assert.equal(one, `${other} is the champion of "${RUN}"`);
    assert.equal(two, `${first} is the champion of "${RUN}" again, not ${other}`);
    const { promotions } = lineage;
    assert.deepEqual(
      promotions.map(({ number }) => number),
      [...promotions.keys()],
    );
    assert.equal(promotions[0]!.model, 'smollm2-135m-instruct');
    const byPeople = promotions.filter(({ by }) => by === 'person');
    assert.deepEqual(
      byPeople.map(({ model, from, reason }) => [model, from, reason]),
      [
        [other, first, 'a trial'],
        [first, other, 'it was no good'],
        [other, first, 'it was good after all'],
      ],
    );
    assert.equal(byPeople[0]!.name, 'R. Viewer');
    assert.equal(modelAs('warm-up', 2).base, other);
  });

  it('names every model with what made it, what it is worth and what became of it', async () => {
    const [report] = reports as [RoundReport];
    const { champion } = lineage;
    assert.equal(lineage.models.filter(({ champion: is }) => is === 'now').length, 1);
    const semievolModel = modelAs('semievol');
    assert.equal(semievolModel.name, report.models.semievol);
    assert.ok(semievolModel.training!.cost! > 0);
    const [metric] = report.metrics;
    const grade = semievolModel.grades.find(
      (one) => one.round === 1 && one.metric === lineage.metric,
    )!;
    assert.equal(grade.got / grade.of, metric!.values.semievol.value);

    const shown = await command('models', RUN);
    for (const { name } of lineage.models) assert.ok(shown.includes(name), name);
    assert.equal(await command('champion', RUN), champion);
  });

  it('goes page by page through all that a model has learned', async () => {
    for (const { name, training } of lineage.models.slice(1)) {
      const rows: ExplainedRow[] = [];
      let inFile = 0;
      for (let after: string | undefined; ; ) {
        const { rows: found } = await explainModel(bench.config, name, {
          count: 7,
          ...(after !== undefined && { after }),
        });
        assert.ok('page' in found);
        rows.push(...found.page);
        for (const row of found.page)
          inFile += row.from === 'labelled' ? found.labelledTimes : row.weight;
        if (found.next === null) break;
        assert.equal(found.page.length, 7);
        after = found.next;
      }
      assert.equal(inFile, training!.trainingRows, name);
      const keys = rows.map(({ from, example }) => `${from}/${example.ordinal}`);
      assert.equal(new Set(keys).size, keys.length);
      const isKept = name === modelAs('semievol', 2).name;
      assert.equal(
        rows.some(({ place }) => place.startsWith('earlier/')),
        isKept,
      );
    }
  });

  it('says how a selected example came to its label', async () => {
    const { name } = modelAs('semievol');
    const { rows, descent } = await explainModel(bench.config, name, { count: 1 });
    assert.deepEqual(descent, [{ name: 'smollm2-135m-instruct' }]);
    const [row] = 'page' in rows ? rows.page : [];
    assert.ok(row?.from === 'selected');
    const { example, label, answers, neighbours } = row;
    const own = answers.filter(({ isJustification }) => !isJustification);
    assert.equal(own.length, label.collaborators);
    assert.equal(own.filter(({ parsed }) => parsed === label.label).length, label.votes);
    assert.ok(neighbours.length > 0);
    assert.ok(neighbours.every((one) => one.example.split === 'labelled' && one.example.answer));

    const shown = await command('explain', name, '--count', '1');
    assert.ok(shown.includes(example.question));
    assert.match(shown, new RegExp(`of run "${RUN}".*has labelled it: ${label.label}`, 's'));
    assert.match(shown, /neighbour.*labelled\/\d+/s);
    const next = /more: semievol explain .* --after (selected\/\d+)$/.exec(shown);
    assert.equal(next?.[1], `selected/${example.ordinal}`);
  });

  it('is not made up for a model, a page or a run that there is not', async () => {
    await assert.rejects(explainModel(bench.config, 'ft:gone'), /does not know a model "ft:gone"/);
    const wrong = { after: 'nowhere/1', count: 0 };
    await assert.rejects(explainModel(bench.config, lineage.champion, wrong), {
      name: 'SpecError',
      message: /after .*the page before.*count/s,
    });
    await assert.rejects(bench.client.get('ghost').lineage(), { name: 'RunNotFound' });
    const env = { TEMPORAL_ADDRESS: bench.temporal.address };
    const { exitCode, stderr } = await semievol(
      ['promote', RUN, 'ft:gone', '--reason', 'why not', option],
      env,
    );
    assert.equal(exitCode, 2);
    assert.match(stderr, /run "lineage" has no model "ft:gone": name one of smollm2/);
  });
});
