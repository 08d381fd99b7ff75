import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { foldOf, isHeldOut, placeBelow, placeOf } from '../../core/folds.ts';
import type { Pass } from '../../core/passes.ts';
import type { Split, StoredExample } from '../../core/types.ts';
import { answer } from '../store/support.ts';
import { attempt, type Laboratory, MODEL, one, openLaboratory, ref } from './support.ts';

const TOTAL = 12;
const range = { from: 0, to: TOTAL };
const pass: Pass = 'cross-fit';
const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');
const labelled: StoredExample[] = Array.from({ length: TOTAL }, (_, ordinal) =>
  one('labelled', ordinal, { id: sha256(`${ordinal}`), answer: ordinal % 2 ? 'plant' : 'food' }),
);
const models = { base: MODEL, 'warm-up': ['tuned-0', 'tuned-1'] };
const collaborators = [
  { name: 'tuned', shots: 2 },
  { name: 'tuned-too', shots: 0 },
  { name: 'hosted', shots: 0, model: 'hosted' },
];

describe('cross-fitting', () => {
  let lab: Laboratory;
  beforeEach(async () => {
    lab = await openLaboratory({
      spec: { collaborators, retrieval: { mode: 'bm25' } },
      provider: { models: [MODEL, 'tuned-0', 'tuned-1', 'hosted'] },
      examples: labelled,
    });
    await attempt(lab.activities.prepareSearch, ref);
  });
  afterEach(() => lab.close());

  const retrieve = (number = 1) =>
    attempt(lab.activities.retrieve, { ...ref, pass, range }, number);
  const neighbours = () => lab.tables.neighbours({ round: 1, split: 'labelled', range });
  const collaborate = (number = 1) =>
    attempt(lab.activities.collaborate, { ...ref, pass, range, models, endpoint: 'local' }, number);
  const asked = () => lab.provider.requests({ kind: 'chat' }).length;

  it('finds neighbours in the other fold only, as many as are needed', async () => {
    await retrieve();
    const found = await neighbours();
    assert.equal(found.size, TOTAL);
    for (const [ordinal, { labelled: near }] of found) {
      assert.equal(near.length, 2);
      for (const other of near)
        assert.notEqual(foldOf(labelled[other]!), foldOf(labelled[ordinal]!));
    }
    assert.equal((await lab.tables.neighbours({ round: 1, split: 'unlabelled', range })).size, 0);
  });

  it('has the labelled examples answered by models that have not seen them, each once', async () => {
    await retrieve();
    await collaborate();
    const answers = await lab.tables.answers({ round: 1, stage: 'cross-fit', range });
    assert.equal(answers.length, TOTAL * collaborators.length);
    for (const { collaborator, model, ordinal, split } of answers) {
      const own = collaborator === 'hosted' ? 'hosted' : `tuned-${foldOf(labelled[ordinal]!)}`;
      assert.deepEqual([model, split], [own, 'labelled']);
    }
    const before = asked();
    await retrieve(2);
    await collaborate(2);
    assert.equal(asked(), before, 'what is answered is not asked again');
  });

  it('neither asks about what is held out, nor shows it', async () => {
    const heldOut = placeBelow(Float64Array.from(labelled, placeOf).sort(), 3);
    const held = labelled.filter((example) => isHeldOut(example, heldOut));
    assert.equal(held.length, 3);
    for (const [of, name] of [
      [labelled.filter((example) => !held.includes(example)), 'cross-fit'],
      [held, 'held-out'],
    ] as const) {
      const input = { ...ref, heldOut, pass: name, range };
      await attempt(lab.activities.retrieve, input);
      const tuned = name === 'cross-fit' ? models : { base: MODEL, 'warm-up': 'tuned-0' };
      const asking = { ...input, models: tuned, endpoint: 'local' };
      await attempt(lab.activities.collaborate, asking);
      const answers = await lab.tables.answers({ round: 1, stage: name, range });
      const asked = new Set(answers.map(({ ordinal }) => ordinal));
      assert.deepEqual([...asked].toSorted(), of.map(({ ordinal }) => ordinal).toSorted());
    }
    const shown = [...(await neighbours()).values()].flatMap((one) => one.labelled);
    assert.equal(shown.length, 2 * TOTAL);
    assert.ok(shown.every((ordinal) => !held.includes(labelled[ordinal]!)));
  });

  /** What the three say of an example, and how likely they were to. */
  const say = (ordinal: number, said: [string | null, number][], stage = 'cross-fit' as const) =>
    said.map(([parsed, probability], index) =>
      answer(ordinal, {
        ...{ stage, split: 'labelled', exampleId: labelled[ordinal]!.id, parsed, probability },
        collaborator: collaborators[index]!.name,
      }),
    );

  it('justifies by models that have not seen the example, and labels nothing', async () => {
    const agreed = say(0, [
      ['food', 0.9],
      ['food', 0.5],
      ['food', 0.5],
    ]);
    await lab.tables.addAnswers(
      [
        ...agreed,
        ...say(1, [
          ['food', 0.9],
          ['plant', 0.5],
          ['plant', 0.4],
        ]),
      ],
      1,
    );
    const input = { ...ref, pass, range: { from: 0, to: 2 }, models, way: 'justify' as const };
    const { agreed: same, disagreed } = await attempt(lab.activities.justify, input);
    assert.deepEqual([same, disagreed], [1, 1]);
    const [justification, ...others] = await lab.tables.answers({
      ...{ round: 1, stage: 'cross-fit-justify', range },
    });
    assert.equal(others.length, 0);
    assert.equal(justification!.model, `tuned-${foldOf(labelled[1]!)}`);
    assert.deepEqual(await lab.tables.pseudoLabels(1, range), []);
    await attempt(lab.activities.justify, input, 2);
    assert.equal(asked(), 1, 'what is justified is not asked again');
  });

  it('counts answers that mean the same as one, and keeps what they mean by split', async () => {
    await lab.close();
    const embedding = (text: string) => (text.includes('bo') ? [1, 0] : [0, 1]);
    lab = await openLaboratory({
      spec: { collaborators, task: { type: 'free-form', agreement: 'embedding' } },
      provider: { answers: { embedding } },
      examples: labelled.map((example) => ({ ...example, answer: 'a boat' })),
    });
    const said = say(0, [
      ['a boat', 0.2],
      ['a bow', 0.2],
      ['a car', 0.3],
    ]);
    await lab.tables.addAnswers(said, 1);
    const one = { from: 0, to: 1 };
    await attempt(lab.activities.justify, { ...ref, pass, range: one, models, way: 'vote' });
    const meanings = (split: Split) => lab.tables.meanings({ round: 1, split, range: one });
    assert.deepEqual((await meanings('labelled')).get(0)?.groups, [0, 0, 1]);
    assert.equal((await meanings('unlabelled')).size, 0);
    const { disagreed, values } = await attempt(lab.activities.compareWays, ref);
    assert.equal(disagreed, 1);
    assert.ok(values.probability.got > 0, 'the two who mean a boat outweigh the one');
  });

  it('grades what each way makes of the examples', async () => {
    const rows = labelled.flatMap(({ ordinal, answer: gold }) => {
      const wrong = gold === 'food' ? 'plant' : 'food';
      // On a third of them the vote is wrong, and what is likelier is right.
      if (ordinal % 3 === 0)
        return say(ordinal, [
          [gold!, 0.9],
          [wrong, 0.3],
          [wrong, 0.3],
        ]);
      if (ordinal === 1)
        return say(ordinal, [
          [null, 0.9],
          [null, 0.9],
          [null, 0.9],
        ]);
      return say(ordinal, [
        [gold!, 0.9],
        [gold!, 0.9],
        [gold!, 0.9],
      ]);
    });
    const justifications = [0, 3].map((ordinal) =>
      answer(ordinal, {
        ...{ stage: 'cross-fit-justify', split: 'labelled', collaborator: 'justify' },
        ...{ exampleId: labelled[ordinal]!.id, parsed: labelled[ordinal]!.answer! },
      }),
    );
    await lab.tables.addAnswers([...rows, ...justifications], 1);
    const { rows: count, disagreed, values } = await attempt(lab.activities.compareWays, ref);
    assert.deepEqual([count, disagreed], [TOTAL, 4]);
    const { justify, probability, vote } = values;
    assert.deepEqual([vote.got, vote.of], [7, TOTAL]);
    assert.deepEqual([probability.got, probability.of], [11, TOTAL]);
    assert.deepEqual([justify.got, justify.of], [9, TOTAL], 'two were justified');
    assert.ok(probability.low! < 11 / 12 && probability.high! > 11 / 12);
  });
});
