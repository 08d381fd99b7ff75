import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import type { PseudoLabel } from '../../core/consensus.ts';
import type { Neighbours } from '../../core/types.ts';
import { usageOf } from '../../core/usage.ts';
import type { SelectedRow } from '../../store/run.ts';
import { useStore } from '../support/suite.ts';
import { answer } from './support.ts';
import { startWriters } from './writers.ts';

const everything = { from: 0, to: 1_000_000 };

describe('The tables of a run', () => {
  const store = useStore();

  it('give back what was written, nulls and awkward texts included', async () => {
    const run = await store.run('round trip', 'data');
    const rows = [
      answer(3, { text: 'it\'s "quoted"\n日本語 \u{1F600}', parsed: null, entropy: null }),
      answer(4, { collaborator: "o'brien; DROP", sample: 2 }),
    ];
    await run.addAnswers(rows, 1);
    const read = await run.answers({ round: 1, stage: 'collaborate', range: everything });
    assert.deepEqual(read, rows);

    const neighbours: Neighbours = {
      round: 1,
      split: 'unlabelled',
      ordinal: 3,
      exampleId: 'e',
      labelled: [5, 2],
      similarities: [0.75, 0.5],
    };
    const ofLabelled: Neighbours = { ...neighbours, split: 'labelled', labelled: [4] };
    await run.addNeighbours([neighbours, ofLabelled]);
    for (const row of [neighbours, ofLabelled]) {
      const of = { round: 1, split: row.split, range: everything };
      assert.deepEqual((await run.neighbours(of)).get(3), row);
    }

    const label: PseudoLabel = {
      round: 1,
      ordinal: 3,
      exampleId: 'e',
      label: null,
      agreed: false,
      entropy: null,
      probability: null,
      neighbours: null,
      response: null,
      votes: 0,
      collaborators: 4,
    };
    await run.addPseudoLabels([label]);
    assert.deepEqual(await run.pseudoLabels(1, everything), [label]);

    const far = { round: 1, ordinal: 20_000, exampleId: 'f', score: null, weight: 2 };
    const near = { round: 1, ordinal: 3, exampleId: 'e', score: 0.25, weight: 1 };
    await run.addSelected([far, near, { ...far, round: 2 }]);
    const batches: SelectedRow[][] = [];
    for await (const batch of run.scanSelected(1)) batches.push(batch);
    assert.deepEqual(batches, [[near], [far]], 'by ascending ordinals');
  });

  it('are empty, not an error, before anything is written', async () => {
    const run = await store.run('empty', 'data');
    assert.deepEqual(await run.answers({ round: 1, stage: 'justify', range: everything }), []);
    assert.deepEqual(await run.spend(1), []);
    for await (const batch of run.scanVerdicts(1)) assert.fail(`${batch.length} rows`);
    await run.optimize(1, everything);
  });

  it('keep rounds, stages and ranges apart', async () => {
    const run = await store.run('filters', 'data');
    await run.addAnswers(
      [
        answer(0),
        answer(1),
        answer(2),
        answer(1, { round: 2 }),
        answer(1, { stage: 'evaluate-sft', split: 'test' }),
      ],
      1,
    );
    const read = await run.answers({
      round: 1,
      stage: 'collaborate',
      range: { from: 1, to: 2 },
    });
    assert.deepEqual(read, [answer(1)]);
  });

  it('give the first committed row of a key, also after compaction', async () => {
    const run = await store.run('first', 'data');
    // A zombie of attempt 1 that commits late does not win by its lower attempt number.
    await run.addAnswers([answer(0, { text: 'first' }), answer(1, { text: 'first' })], 2);
    for (let repeat = 0; repeat < 110; repeat++) {
      await run.addAnswers([answer(0, { text: `later ${repeat}` })], 1);
    }
    const texts = async () => {
      const rows = await run.answers({ round: 1, stage: 'collaborate', range: everything });
      return rows.map((row) => `${row.ordinal} ${row.text}`).sort();
    };
    assert.deepEqual(await texts(), ['0 first', '1 first']);
    await run.optimize(1, everything);
    assert.deepEqual(await texts(), ['0 first', '1 first']);
    await run.addAnswers([answer(1, { text: 'after compaction' })], 1);
    assert.deepEqual(await texts(), ['0 first', '1 first']);
  });

  it('count repeated answers as spent, other spend once a key', async () => {
    const run = await store.run('spend', 'data');
    await run.addAnswers(
      [answer(0), answer(0, { sample: 1, promptTokens: 0, cachedTokens: 0 })],
      1,
    );
    await run.addAnswers([answer(0)], 2);
    const usage = {
      requests: 1,
      unmetered: 0,
      promptTokens: 0,
      cachedTokens: 0,
      completionTokens: 0,
      trainedTokens: 3_000_000_000,
      deployedSeconds: 0,
    };
    const warmUp = { phase: 'warm-up', endpoint: 'e', model: 'm', transport: 'direct' as const };
    const spend = { round: 1, ...warmUp, usage, key: 'job-1' };
    await run.addSpend(spend);
    await run.addSpend(spend);
    await run.addSpend({ ...spend, key: 'job-2' });
    const asked = {
      requests: 2,
      unmetered: 0,
      promptTokens: 20,
      cachedTokens: 8,
      completionTokens: 6,
      trainedTokens: 0,
      deployedSeconds: 0,
    };
    assert.deepEqual(await run.spend(1), [
      { phase: 'collaborate', endpoint: 'local', model: 'base', transport: 'direct', ...asked },
      { ...warmUp, ...usage, requests: 2, trainedTokens: 6_000_000_000 },
    ]);
  });

  it('count what each model was used for at each endpoint, and the requests whose tokens are not known', async () => {
    const run = await store.run('by-model', 'data');
    const unknown = { promptTokens: null, cachedTokens: null, completionTokens: null };
    const answers = [
      answer(0),
      answer(0, { collaborator: 'other', model: 'other', promptTokens: 7 }),
      answer(1, { model: 'other', ...unknown }),
      answer(2, { model: 'other', stage: 'justify' }),
      answer(2, { model: 'other', endpoint: 'elsewhere', stage: 'justify' }),
    ];
    await run.addAnswers(answers, 1);
    assert.deepEqual(
      (await run.answers({ round: 1, stage: 'collaborate', range: everything })).at(-1),
      answers[2],
    );
    const spend = await run.spend(1);
    assert.deepEqual(
      spend.map((one) => [
        ...[one.phase, one.endpoint, one.model],
        ...[one.requests, one.unmetered, one.promptTokens],
      ]),
      [
        ['collaborate', 'local', 'base', 1, 0, 10],
        ['collaborate', 'local', 'other', 2, 1, 7],
        ['justify', 'local', 'other', 1, 0, 10],
        ['justify', 'elsewhere', 'other', 1, 0, 10],
      ],
    );
  });

  it('record one evaluation a role and metric', async () => {
    const run = await store.run('evaluations', 'data');
    const evaluation = {
      ...{ round: 1, role: 'sft' as const, model: 'm' },
      ...{ metric: 'micro F1', got: 7.5, of: 10 },
    };
    await run.addEvaluations([evaluation, { ...evaluation, metric: 'accuracy', got: 1 }]);
    await run.addEvaluations([
      { ...evaluation, got: 8 },
      { ...evaluation, role: 'vanilla' },
    ]);
    const read = await run.evaluations(1);
    assert.deepEqual(
      read.map(({ role, metric, got }) => [role, metric, got]),
      [
        ['sft', 'micro F1', 7.5],
        ['sft', 'accuracy', 1],
        ['vanilla', 'micro F1', 7.5],
      ],
    );
  });

  it('are scanned in ordinal order, with all answers of an example in one batch', async () => {
    const run = await store.run('scan', 'data');
    const ordinals = Array.from({ length: 5_000 }, (_, index) => (index * 7_919) % 5_000);
    await run.addAnswers(
      ordinals.map((ordinal) => answer(ordinal)),
      1,
    );
    await run.addAnswers(
      ordinals.map((ordinal) => answer(ordinal, { collaborator: 'other' })),
      1,
    );
    await run.addAnswers(
      ordinals.map((ordinal) => answer(ordinal)),
      2,
    );
    let last = -1;
    let rows = 0;
    for await (const batch of run.scanAnswers({ round: 1, stage: 'collaborate' })) {
      const found = batch.map(({ ordinal }) => ordinal);
      assert.ok(Math.min(...found) > last);
      assert.equal(batch.length, 2 * new Set(found).size);
      last = Math.max(...found);
      rows += batch.length;
    }
    assert.equal(rows, 10_000);
  });

  it('are read, scanned and compacted across their partitions', async () => {
    const run = await store.run('partitions', 'data');
    const ordinals = [3, 16_383, 16_384, 40_000];
    for (const part of [ordinals, ordinals.slice(1)])
      await run.addAnswers(
        part.map((ordinal) => answer(ordinal)),
        1,
      );
    const read = async (from: number, to: number) => {
      const of = { round: 1, stage: 'collaborate' as const, range: { from, to } };
      return (await run.answers(of)).map(({ ordinal }) => ordinal).sort((a, b) => a - b);
    };
    for (let repeat = 0; repeat < 2; repeat++) {
      assert.deepEqual(await read(0, 1_000_000), ordinals);
      assert.deepEqual(await read(16_383, 16_385), [16_383, 16_384]);
      assert.deepEqual(await read(16_384, 16_384), []);
      assert.deepEqual(await read(32_768, 40_000), []);
      const scanned: number[] = [];
      for await (const batch of run.scanAnswers({ round: 1, stage: 'collaborate' }))
        scanned.push(...batch.map(({ ordinal }) => ordinal));
      assert.deepEqual(scanned, ordinals);
      assert.equal(usageOf(await run.spend(1), 'collaborate').requests, 7);
      await run.optimize(1, everything);
    }
  });

  it('may have more partitions than are kept open', async () => {
    const run = await store.run('large', 'data');
    const ordinals = Array.from({ length: 70 }, (_, partition) => partition * 16_384);
    for (const from of [0, 35])
      await run.addAnswers(
        ordinals.slice(from, from + 35).map((ordinal) => answer(ordinal)),
        1,
      );
    const all = { round: 1, stage: 'collaborate' as const, range: { from: 0, to: 70 * 16_384 } };
    for (let repeat = 0; repeat < 2; repeat++)
      assert.deepEqual(
        (await run.answers(all)).map(({ ordinal }) => ordinal),
        ordinals,
      );
  });

  it('show at once what another process has committed', async () => {
    const run = await store.run('fresh', 'data');
    await run.addAnswers([answer(0)], 1);
    const read = () => run.answers({ round: 1, stage: 'collaborate', range: everything });
    assert.equal((await read()).length, 1);
    const go = await startWriters({ uri: store.uri }, { run: 'fresh', count: 1, appends: 2 });
    await go();
    assert.equal((await read()).length, 23);
  });
});
