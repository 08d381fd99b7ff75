import assert from 'node:assert/strict';
import { afterEach, describe, it } from 'mocha';
import type { PseudoLabel } from '../../core/consensus.ts';
import { wilson } from '../../core/statistics.ts';
import type { SelectedRow } from '../../store/run.ts';
import { answer } from '../store/support.ts';
import { attempt, type Laboratory, one, openLaboratory, pool, ref, steps } from './support.ts';

/** Label, entropy, agreement and gold answer of each pseudo-label. */
type Row = [PseudoLabel['label'], PseudoLabel['entropy'], boolean, string | undefined];

const pseudoLabel = (ordinal: number) => ({
  round: 1,
  ordinal,
  exampleId: one('unlabelled', ordinal).id,
  agreed: true,
  probability: 0.5,
  neighbours: null,
  response: null,
  votes: 1,
  collaborators: 1,
});

/** How many there are of each class: the label, of all, kept and selected. */
const counted = (...rows: [label: string, given: number, kept: number, selected: number][]) =>
  rows.map(([label, given, kept, selected]) => ({ label, labelled: 0, given, kept, selected }));

describe('select', () => {
  let lab: Laboratory;
  afterEach(() => lab.close());

  async function select(rows: Row[], selection: object) {
    const examples = rows.map(([, , , gold], ordinal) =>
      one('unlabelled', ordinal, { answer: gold }),
    );
    lab = await openLaboratory({ spec: { selection }, examples });
    await lab.tables.addPseudoLabels(
      rows.map(([label, entropy, agreed], ordinal) => ({
        ...pseudoLabel(ordinal),
        label,
        agreed,
        entropy,
      })),
    );
    return attempt(lab.activities.select, ref);
  }

  const rows: Row[] = [
    ['plant', 0.4, true, 'plant'],
    ['food', 0.1, false, 'food'],
    ['food', 0.2, false, 'plant'],
    ['person', 0.3, true, undefined],
    [null, null, false, 'animal'],
  ];

  it('keeps the share of least entropy, and counts what is right of it', async () => {
    const { againstGold, ...selection } = await select(rows, { rule: 'paper', percentile: 50 });
    const names = againstGold!.map(({ name }) => name);
    assert.deepEqual(
      names,
      ['entropy', 'probability', 'votes'],
      'none fitted, none without neighbours',
    );
    const [{ againstGold: byEntropy }] = againstGold as [NonNullable<typeof againstGold>[0]];
    assert.deepEqual(
      [byEntropy.rows, byEntropy.auroc],
      [3, 0.5],
      'of 0.1, 0.4 right, of 0.2 wrong',
    );
    assert.deepEqual(selection, {
      choice: { score: 'entropy', fitted: null, reason: 'the spec names it' },
      threshold: { cutoff: 0.2 },
      labelled: 4,
      withoutScore: 0,
      agreed: 2,
      selected: 2,
      steps: steps(5, 2),
      classes: {
        ...{ selected: 1, known: 5, missing: ['animal', 'artifact', 'person', 'plant'] },
        counts: counted(
          ['animal', 0, 0, 0],
          ['artifact', 0, 0, 0],
          ['food', 2, 2, 2],
          ['person', 1, 0, 0],
          ['plant', 1, 0, 0],
        ),
      },
      answers: [],
      quality: { all: wilson(2, 4), selected: wilson(1, 2) },
    });
  });

  it('measures how far the classes of the selected lie from the labelled, unless others are wanted', async () => {
    const labelled = ['plant', 'plant', 'food', 'person'].map((answer, ordinal) => ({
      ...one('labelled', ordinal),
      answer,
    }));
    const selectedBy = async (selection: object) => {
      await lab?.close();
      lab = await openLaboratory({
        spec: { selection: { rule: 'paper', percentile: 100, ...selection } },
        examples: [...labelled, ...pool('unlabelled', 4)],
      });
      await lab.tables.addPseudoLabels(
        ['food', 'food', 'food', 'plant'].map((label, ordinal) => ({
          ...{ ...pseudoLabel(ordinal), label, entropy: 0.1 },
        })),
      );
      return (await attempt(lab.activities.select, ref)).classes.distance;
    };
    const found = await selectedBy({});
    assert.equal(found?.distance, 0.5, 'two of four are food that would not be');
    assert.ok(found.byChance > 0.5, 'four of each tell nothing');
    assert.equal(await selectedBy({ balance: { food: 0.5, plant: 0.5 } }), undefined);
  });

  it('counts each label of a set as a class, and grades sets as such', async () => {
    const labels = ['plant', 'food', 'person'];
    lab = await openLaboratory({
      spec: {
        task: { type: 'multi-label', labels },
        selection: { rule: 'paper', percentile: 100 },
      },
      examples: pool('unlabelled', 3, { answer: '["plant"]' }),
    });
    const labelOf = ['["plant","food"]', '["plant"]', '[]'];
    await lab.tables.addPseudoLabels(
      labelOf.map((label, ordinal) => ({ ...pseudoLabel(ordinal), label, entropy: 0.1 })),
    );
    const { classes, quality } = await attempt(lab.activities.select, ref);
    assert.deepEqual(classes, {
      ...{ selected: 3, known: 4, missing: ['person'] },
      counts: counted(['plant', 2, 2, 2], ['food', 1, 1, 1], ['person', 0, 0, 0]),
    });
    assert.deepEqual(quality, { all: wilson(1, 3), selected: wilson(1, 3) });
  });

  it('counts the labels of which the score says nothing', async () => {
    const unsure: Row[] = [...rows, ['plant', null, false, 'plant']];
    const { labelled, withoutScore, selected } = await select(unsure, { rule: 'paper' });
    assert.deepEqual([labelled, withoutScore, selected], [5, 1, 2]);
  });

  it("keeps the agreed, and the surest of the disagreed, by the authors' rule", async () => {
    const { againstGold: _, ...selection } = await select(rows, {
      ...{ rule: 'official', percentile: 50 },
    });
    assert.deepEqual(selection, {
      choice: { score: 'entropy', fitted: null, reason: 'the spec names it' },
      threshold: { cutoff: 0.1 },
      labelled: 4,
      withoutScore: 0,
      agreed: 2,
      selected: 3,
      steps: steps(5, 3),
      classes: {
        ...{ selected: 3, known: 5, missing: ['animal', 'artifact'] },
        counts: counted(
          ['animal', 0, 0, 0],
          ['artifact', 0, 0, 0],
          ['food', 2, 1, 1],
          ['person', 1, 1, 1],
          ['plant', 1, 1, 1],
        ),
      },
      answers: [],
      quality: { all: wilson(2, 4), selected: wilson(2, 2) },
    });
  });

  it('counts what became of the answers, each once, by the collaborators of the spec', async () => {
    const collaborators = [{ name: 'first' }, { name: 'second' }];
    lab = await openLaboratory({ spec: { collaborators }, examples: pool('unlabelled', 2) });
    const given = [
      answer(0, { collaborator: 'second', finishReason: 'length', parsed: null }),
      answer(0, { collaborator: 'first' }),
      answer(1, {
        collaborator: 'second',
        finishReason: 'refused:400',
        parsed: null,
        entropy: null,
      }),
      answer(1, { collaborator: 'first', entropy: null }),
      answer(1, { collaborator: 'second', sample: 1, finishReason: 'away', parsed: null }),
      answer(1, { stage: 'justify', collaborator: 'justify' }),
    ];
    await lab.tables.addAnswers(given, 1);
    await lab.tables.addAnswers(given, 2);
    await lab.tables.addPseudoLabels([
      { ...pseudoLabel(0), label: 'plant', entropy: 0.1 },
      { ...pseudoLabel(1), label: 'food', entropy: 0.2 },
    ]);
    const { answers } = await attempt(lab.activities.select, ref);
    const none = {
      stage: 'collaborate',
      unread: 0,
      cut: 0,
      withoutEntropy: 0,
      givenUp: 0,
      away: 0,
    };
    assert.deepEqual(answers, [
      { ...none, collaborator: 'first', answers: 2, withoutEntropy: 1 },
      { ...none, collaborator: 'second', answers: 2, unread: 2, cut: 1, givenUp: 1, away: 1 },
    ]);
  });

  it('stores what it keeps, once for all attempts', async () => {
    const first = await select(rows, { rule: 'official', percentile: 50 });
    assert.deepEqual(await attempt(lab.activities.select, ref, 2), first);
    const stored: SelectedRow[] = [];
    for await (const batch of lab.tables.scanSelected(1)) stored.push(...batch);
    const row = (ordinal: number, score: number) => ({
      ...{ round: 1, ordinal, exampleId: one('unlabelled', ordinal).id, score, weight: 1 },
    });
    assert.deepEqual(stored, [row(0, 0.4), row(1, 0.1), row(3, 0.3)]);
  });

  it('chooses the same whatever the gold answers are', async () => {
    const selection = { rule: 'paper', percentile: 50 };
    const { quality: _, againstGold: __, ...chosen } = await select(rows, selection);
    await lab.close();
    const wrong = rows.map(([label, entropy, agreed]): Row => [label, entropy, agreed, 'artifact']);
    const { quality, againstGold, ...again } = await select(wrong, selection);
    assert.deepEqual(again, chosen);
    assert.deepEqual(quality.selected, wilson(0, 2));
    assert.equal(againstGold![0]!.againstGold.precision['50'], 0);
  });
});
