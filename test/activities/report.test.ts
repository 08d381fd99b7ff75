import assert from 'node:assert/strict';
import { afterEach, describe, it } from 'mocha';
import type { ReportInput } from '../../activities/report.ts';
import type { Selection } from '../../activities/select.ts';
import { mcnemar, wilson } from '../../core/statistics.ts';
import type { ModelRole } from '../../core/types.ts';
import { answer } from '../store/support.ts';
import { attempt, type Laboratory, one, openLaboratory, pool, ref, steps } from './support.ts';

/** A job that made `model` out of another. */
const training = (model: string, from: string, trainedTokens: number) => ({
  endpoint: 'local',
  order: {
    lineage: { ...ref, role: 'warm-up' as const },
    rows: { from: 'labelled' as const, ref, times: 1 },
    ...{ model: from, fileId: 'file', sha256: 'f', training: { epochs: 1 }, seed: 0, suffix: '' },
  },
  started: { jobId: 'job', key: `key of ${model}` },
  tuned: { model, trainedTokens },
  rows: 5,
});

const nothingCounted = {
  classes: { selected: 0, known: null, missing: [], counts: [] },
  answers: [],
  choice: { score: 'entropy', fitted: null, reason: 'the spec names it' },
};

const noSelection: Selection = {
  ...nothingCounted,
  threshold: { cutoff: null },
  labelled: 0,
  withoutScore: 0,
  agreed: 0,
  selected: 0,
  steps: steps(40, 0),
  quality: { all: wilson(0, 0), selected: wilson(0, 0) },
};

/** The test examples that each model got right. */
type Right = Partial<Record<ModelRole, number[]>>;

const NONE = { labelled: 0, unlabelled: 0, test: 0 };

describe('report', () => {
  const TOTAL = 8;
  let lab: Laboratory;
  afterEach(() => lab.close());

  /** Lays out a round in which each model got the test examples of these ordinals right. */
  async function layOut(right: Right, spec: object = {}): Promise<ReportInput> {
    const examples = [...pool('test', TOTAL, { answer: 'plant' }), ...pool('unlabelled', 40)];
    lab = await openLaboratory({ spec, examples });
    for (const [role, ordinals] of Object.entries(right) as [ModelRole, number[]][])
      await lab.tables.addAnswers(
        pool('test', TOTAL).map(({ ordinal, id }) =>
          answer(ordinal, {
            stage: `evaluate-${role}`,
            split: 'test',
            exampleId: id,
            collaborator: role,
            parsed: ordinals.includes(ordinal) ? 'plant' : ordinal % 2 ? 'food' : null,
          }),
        ),
        1,
      );
    return {
      ...ref,
      counts: { labelled: 5, unlabelled: 40, test: TOTAL },
      struck: NONE,
      models: {
        ...{ vanilla: 'base', sft: 'warm', 'sft-steps': 'longer', semievol: 'evolved' },
        ...(right.champion && { champion: 'old' }),
      },
      warmUp: 'warm',
      resolution: { way: 'vote', reason: 'the spec says how disagreement is resolved' },
      selection: {
        ...nothingCounted,
        threshold: { cutoff: 0.25 },
        labelled: 38,
        withoutScore: 0,
        agreed: 30,
        selected: 20,
        steps: steps(40, 20),
        quality: { all: wilson(27, 36), selected: wilson(19, 20) },
      },
      seconds: { collaborate: 3 },
    };
  }

  async function report(right: Right, spec?: object) {
    const input = await layOut(right, spec);
    return attempt(lab.activities.report, input);
  }

  it('puts the figures together', async () => {
    const figures = await report({
      vanilla: [0],
      sft: [0, 1, 2],
      'sft-steps': [0, 1, 2, 3],
      semievol: [0, 1, 2, 4, 5, 6, 7],
    });
    assert.equal(figures.sftBaseline, 'steps');
    const { metrics, pseudoLabels } = figures;
    const values = {
      base: wilson(1, 8),
      sft: { epochs: wilson(3, 8), steps: wilson(4, 8) },
      semievol: wilson(7, 8),
    };
    // With the better baseline: 4, 5, 6, 7 only here and 3 only there; p = 2 (1 + 5) / 2⁵.
    const comparison = { test: 'mcnemar', firstOnly: 4, secondOnly: 1, ...mcnemar(4, 1) };
    assert.deepEqual(metrics, [{ name: 'accuracy', values, comparison }]);
    assert.deepEqual(
      [pseudoLabels.all.value, pseudoLabels.selected.value, pseudoLabels.agreement],
      [0.75, 0.95, 0.75],
    );
    assert.deepEqual(
      [pseudoLabels.count, pseudoLabels.threshold, pseudoLabels.rule],
      [20, { cutoff: 0.25 }, 'paper 50 (entropy up to 0.2500)'],
    );
    // Against the base model 6 to 0: p = 2 / 2⁶ = 0.031.
    assert.equal(figures.promoted, true);
    assert.equal(figures.models.champion, 'evolved');
    const recorded = await lab.tables.evaluations(1);
    assert.deepEqual(
      recorded.map(({ role, model, metric, got, of }) => [role, model, metric, got, of]),
      [
        ['vanilla', 'base', 'accuracy', 1, 8],
        ['sft', 'warm', 'accuracy', 3, 8],
        ['sft-steps', 'longer', 'accuracy', 4, 8],
        ['semievol', 'evolved', 'accuracy', 7, 8],
      ],
    );
  });

  it('lets the models of the round try the champion, which is another than the base', async () => {
    const right = {
      ...{ vanilla: [0], champion: [0, 1], sft: [0, 1, 2, 3, 4, 5, 6, 7] },
      ...{ 'sft-steps': [0, 1, 2], semievol: [0, 1, 2, 3, 4, 5, 6] },
    };
    const { gate, models, promoted, metrics, byClass } = await report(right, { gate: {} });
    // 6 to 0: p = 2 / 2⁶.
    assert.deepEqual(gate, {
      ...{ champion: 'old', challenger: { role: 'sft', model: 'warm' }, verdict: 'promote' },
      tests: [
        {
          ...{ against: 'champion', model: 'old', examples: 8, gain: 0.75 },
          comparison: { test: 'mcnemar', firstOnly: 6, secondOnly: 0, ...mcnemar(6, 0) },
        },
      ],
      ...{ vetoes: [], tooFew: { class: 0, category: 0 } },
      reason: 'it is better than the champion by the paired test',
    });
    assert.deepEqual([promoted, models.champion], [true, 'warm']);
    assert.deepEqual(metrics[0]!.values.champion, wilson(2, 8));
    const values = { vanilla: 1 / 8, champion: 2 / 8, sft: 1, 'sft-steps': 3 / 8, semievol: 7 / 8 };
    assert.deepEqual(byClass, {
      listed: [{ label: 'plant', examples: 8, values }],
      others: { groups: 0, examples: 0 },
    });
    const recorded = await lab.tables.evaluations(1);
    assert.ok(
      recorded.some(({ role, model, got }) => role === 'champion' && model === 'old' && got === 2),
    );
  });

  it('keeps the champion where a class would lose too much', async () => {
    const veto = { maximumLoss: 0.1, leastRows: 4 };
    const examples = [
      ...pool('test', 8, { answer: 'plant' }),
      ...pool('test', 4, { answer: 'food' }).map((one) => ({
        ...one,
        id: `f${one.id}`,
        ordinal: 8 + one.ordinal,
      })),
    ];
    lab = await openLaboratory({ spec: { gate: { veto } }, examples });
    const said = (role: ModelRole, parsed: string) =>
      lab.tables.addAnswers(
        examples.map(({ ordinal, id }) =>
          answer(ordinal, {
            ...{ stage: `evaluate-${role}`, split: 'test', exampleId: id, collaborator: role },
            parsed,
          }),
        ),
        1,
      );
    await said('vanilla', 'food');
    for (const role of ['sft', 'semievol'] as const) await said(role, 'plant');
    const { gate, models, promoted } = await attempt(lab.activities.report, {
      ...ref,
      ...{ warmUp: 'warm', resolution: { way: 'vote' }, selection: noSelection, seconds: {} },
      counts: { labelled: 5, unlabelled: 40, test: 12 },
      struck: NONE,
      models: { vanilla: 'base', sft: 'warm', semievol: 'evolved' },
    } as ReportInput);
    assert.deepEqual(gate?.vetoes, [{ of: 'class', label: 'food', loss: 1, examples: 4 }]);
    assert.deepEqual([promoted, models.champion], [false, 'base']);
  });

  it('counts the examples that have no neighbours, since they have no vector', async () => {
    const input = await layOut({ vanilla: [0], sft: [0], 'sft-steps': [0], semievol: [0] });
    const dataset = lab.store.dataset(ref.dataset);
    await dataset.addWithoutVector('all-minilm-l6-v2', 'unlabelled', [one('unlabelled', 7)]);
    assert.equal((await attempt(lab.activities.report, input)).withoutVector, 1);
  });

  it('leaves the champion in its place where the better score may be luck', async () => {
    // 5 to 0: p = 2 / 2⁵ = 0.0625.
    const figures = await report({
      vanilla: [0],
      sft: [0, 1],
      'sft-steps': [1],
      semievol: [0, 1, 2, 3, 4, 5],
    });
    assert.equal(figures.promoted, false);
    assert.equal(figures.models.champion, 'base');
    assert.equal(figures.sftBaseline, 'epochs');
    assert.equal(figures.metrics[0]!.values.sft.epochs.got, 2);
  });

  it('is the one that was first committed: a later attempt took other seconds', async () => {
    const input = await layOut({ vanilla: [0], sft: [0], 'sft-steps': [0], semievol: [0, 1] });
    const first = await attempt(lab.activities.report, input);
    const again = await attempt(lab.activities.report, { ...input, seconds: { propagate: 5 } });
    assert.deepEqual(again, first);
    assert.deepEqual(await lab.tables.reports(), [first]);
  });

  it('prices each model as itself, and a tuned one as that which it goes back to', async () => {
    const prices = {
      'smollm2-135m-instruct': { input: 1, output: 0, training: 10 },
      teacher: { input: 5, output: 0 },
    };
    lab = await openLaboratory({ endpoint: { prices }, examples: pool('test', 1) });
    const { recordModel } = lab.activities;
    await attempt(recordModel, training('warm', 'smollm2-135m-instruct', 1_000_000));
    await attempt(recordModel, training('warmer', 'warm', 2_000_000));
    const asked = { promptTokens: 1_000_000, cachedTokens: 500_000 };
    const unknown = { promptTokens: null, cachedTokens: null, completionTokens: null };
    await lab.tables.addAnswers(
      [
        answer(0, { ...asked, model: 'warmer' }),
        answer(0, { ...asked, collaborator: 'other', model: 'teacher' }),
        answer(0, { ...asked, collaborator: 'third', model: 'stranger' }),
        answer(1, { ...unknown, model: 'teacher' }),
      ],
      1,
    );
    const { bill, usage } = await attempt(lab.activities.report, {
      ...ref,
      warmUp: 'warm',
      resolution: { way: 'vote' },
      counts: { labelled: 1, unlabelled: 2, test: 1 },
      struck: NONE,
      models: { vanilla: 'base', sft: 'warm', semievol: 'warmer' },
      selection: noSelection,
      seconds: {},
    });
    // 1 for the tuned one's prompt, 5 for the teacher's, 10 and 20 for the training.
    assert.equal(bill.cost, 36);
    assert.deepEqual(bill.unpriced, [
      { endpoint: 'local', model: 'stranger', tokens: ['input', 'output'] },
    ]);
    const teacher = usage.find(({ model }) => model === 'teacher');
    assert.deepEqual([teacher?.requests, teacher?.unmetered], [2, 1]);
  });

  it('never promotes a worse model, however sure it is', async () => {
    const figures = await report({
      vanilla: [0, 1, 2, 3, 4, 5, 6, 7],
      sft: [0],
      'sft-steps': [0],
      semievol: [],
    });
    assert.equal(figures.promoted, false);
  });
});
