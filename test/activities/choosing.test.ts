import assert from 'node:assert/strict';
import { ApplicationFailure } from '@temporalio/common';
import fc from 'fast-check';
import { afterEach, describe, it } from 'mocha';
import { withoutNearDuplicates } from '../../activities/nearDuplicates.ts';
import type { SelectedRow } from '../../store/run.ts';
import { temporaryStore, writeDataset } from '../store/support.ts';
import { attempt, type Laboratory, one, openLaboratory, ref } from './support.ts';

const EMBEDDING = 'all-minilm-l6-v2';
/** A direction in the plane, at so many degrees. */
const at = (degrees: number) =>
  Float32Array.from([Math.cos((degrees * Math.PI) / 180), Math.sin((degrees * Math.PI) / 180)]);

/** Label and entropy of each pseudo-label: the surest are plants. */
type Row = [label: string | null, entropy: number | null, degrees?: number];
const rows: Row[] = [
  ['plant', 0.01, 0],
  ['plant', 0.02, 90],
  ['food', 0.03, 10],
  ['plant', 0.04, 180],
  ['plant', 0.05, 270],
  ['food', 0.06, 95],
  ['person', 0.07, 45],
  ['food', 0.08, 135],
  ['plant', null],
  [null, null],
];

describe('what is selected', () => {
  let lab: Laboratory;
  afterEach(() => lab.close());

  async function open(selection: object, of = rows, asked = of.length) {
    const labelled = ['plant', 'food', 'food', 'person'].map((answer, ordinal) =>
      one('labelled', ordinal, { answer }),
    );
    const unlabelled = of.map((_, ordinal) => one('unlabelled', ordinal));
    const spec = { selection: { rule: 'paper', percentile: 100, ...selection } };
    lab = await openLaboratory({ spec, examples: [...labelled, ...unlabelled] });
    await lab.tables.addPseudoLabels(
      of.slice(0, asked).map(([label, entropy], ordinal) => ({
        ...{ round: 1, ordinal, exampleId: one('unlabelled', ordinal).id, agreed: true },
        ...{ label, entropy, probability: null, response: null, votes: 1, collaborators: 1 },
        neighbours: null,
      })),
    );
    const vectors = of.flatMap(([, , degrees], ordinal) =>
      degrees === undefined ? [] : [{ ordinal, id: `${ordinal}`, vector: at(degrees) }],
    );
    await lab.store.dataset(ref.dataset).addVectors(EMBEDDING, 'unlabelled', vectors);
    return attempt(lab.activities.select, ref);
  }
  async function stored() {
    const all: SelectedRow[] = [];
    for await (const batch of lab.tables.scanSelected(1)) all.push(...batch);
    return all;
  }
  const ordinals = async () => (await stored()).map(({ ordinal }) => ordinal);
  const failsWith = (type: string, words: RegExp) => (error: unknown) => {
    assert.ok(error instanceof ApplicationFailure && error.nonRetryable);
    assert.equal(error.type, type);
    assert.match(error.message, words);
    return true;
  };

  it('is all that the rule keeps, once each, as long as nothing else is said', async () => {
    const { selected, steps, classes } = await open({});
    assert.deepEqual(await ordinals(), [0, 1, 2, 3, 4, 5, 6, 7]);
    assert.equal(selected, 8);
    assert.deepEqual(steps, {
      ...{
        asked: 10,
        kept: 8,
        nearDuplicates: 0,
        by: 'rule',
        short: 0,
        balance: 'none',
        rows: 8,
        keptRows: 0,
      },
    });
    const counts = classes.counts.filter(({ given }) => given > 0);
    assert.deepEqual(counts, [
      { label: 'food', labelled: 2, given: 3, kept: 3, selected: 3 },
      { label: 'person', labelled: 1, given: 1, kept: 1, selected: 1 },
      { label: 'plant', labelled: 1, given: 5, kept: 4, selected: 4 },
    ]);
  });

  it('has no more of a class than an even share of what the rule keeps, with a cap', async () => {
    const { steps, selected } = await open({ balance: 'cap' });
    assert.deepEqual(await ordinals(), [0, 1, 2, 5, 6], 'two of each of five classes, the surest');
    assert.deepEqual([steps.kept, selected], [8, 5]);
  });

  it('has the shares of the labelled examples, or those that are given', async () => {
    await open({ balance: 'prior' });
    assert.deepEqual(await ordinals(), [0, 2, 5, 6]);
    await lab.close();
    const { classes } = await open({ balance: { plant: 0.5, food: 0.5 } });
    assert.deepEqual(await ordinals(), [0, 1, 2, 3, 5, 7]);
    assert.ok(classes.missing.includes('person'));
  });

  it('is the surest so many, in the balance, at the most', async () => {
    await open({ atMost: 3 });
    assert.deepEqual(await ordinals(), [0, 1, 2]);
    await lab.close();
    await open({ atMost: 2, balance: { plant: 0.5, food: 0.5 } });
    assert.deepEqual(await ordinals(), [0, 2]);
  });

  it('is joined by the next surest where the rule keeps fewer than at least wanted', async () => {
    const { steps, selected } = await open({ percentile: 25, atLeast: 5 });
    assert.deepEqual(await ordinals(), [0, 1, 2, 3, 4]);
    assert.deepEqual([steps.kept, steps.by, selected], [2, 'atLeast', 5]);
    await lab.close();
    const { steps: enough } = await open({ percentile: 25, atLeast: 2 });
    assert.deepEqual([enough.by, enough.rows], ['rule', 2]);
    await lab.close();
    const { selected: all, steps: few } = await open({ percentile: 25, atLeast: 500 });
    assert.deepEqual([all, few.short], [8, 492], 'that many have a score');
    await lab.close();
    await open({ percentile: 25, atLeast: 4, balance: 'prior' });
    assert.deepEqual(await ordinals(), [0, 2, 5, 6], 'in the balance');
  });

  it('is the surest so many exactly, whatever the rule keeps', async () => {
    const { steps } = await open({ percentile: 0, exactly: 6 });
    assert.deepEqual(await ordinals(), [0, 1, 2, 3, 4, 5]);
    assert.equal(steps.by, 'exactly');
    await lab.close();
    const tooMany = open({ exactly: 9 });
    await assert.rejects(tooMany, failsWith('TooFewSelected', /wants 9, and only 8 can be/));
    await lab.close();
    const unbalanced = open({ exactly: 8, balance: 'prior' });
    await assert.rejects(unbalanced, failsWith('TooFewSelected', /only 4 .* tip the balance/));
  });

  it('holds of near duplicates only the surest', async () => {
    const { steps, classes } = await open({ nearDuplicates: 0.95 });
    // 10 degrees from 0, and 95 from 90.
    assert.deepEqual(await ordinals(), [0, 1, 3, 4, 6, 7]);
    assert.equal(steps.nearDuplicates, 2);
    assert.equal(classes.counts.find(({ label }) => label === 'food')!.kept, 3);
    await lab.close();
    await open({ nearDuplicates: 0.99 });
    assert.deepEqual(await ordinals(), [0, 1, 2, 3, 4, 6, 7]);
    await lab.close();
    await open({ nearDuplicates: 0.95, exactly: 3 });
    assert.deepEqual(await ordinals(), [0, 1, 3], 'the next takes the place of a duplicate');
  });

  it('stands in the training file more often, the surer it is', async () => {
    const { steps, selected } = await open({ confidentWeight: 4 });
    const weights = (await stored()).map(({ weight }) => weight);
    assert.deepEqual(weights, [4, 4, 3, 3, 2, 2, 1, 1]);
    assert.deepEqual([steps.rows, selected], [20, 8]);
  });

  it('is of the first examples alone where only so many are asked about', async () => {
    const { steps, agreed } = await open({ candidates: 4 }, rows, 4);
    assert.deepEqual([steps.asked, agreed], [4, 4]);
    assert.deepEqual(await ordinals(), [0, 1, 2, 3]);
  });

  it('is the same for every attempt', async () => {
    const selection = { balance: 'cap', nearDuplicates: 0.95, confidentWeight: 3, atLeast: 4 };
    const first = await open(selection);
    const once = await stored();
    assert.deepEqual(await attempt(lab.activities.select, ref, 2), first);
    assert.deepEqual(await stored(), once);
  });
});

describe('near duplicates', () => {
  it('are left out as by comparing each with each, the surer first', async () => {
    const { store, remove } = await temporaryStore();
    try {
      await fc.assert(
        fc.asyncProperty(
          fc.array(fc.option(fc.integer({ min: 0, max: 359 })), { minLength: 1, maxLength: 150 }),
          fc.uuid(),
          async (degrees, id) => {
            const examples = degrees.map((_, ordinal) => one('unlabelled', ordinal));
            const dataset = await writeDataset(store, id, examples);
            const vectors = degrees.flatMap((angle, ordinal) =>
              angle === null ? [] : [{ ordinal, id: `${ordinal}`, vector: at(angle) }],
            );
            await dataset.addVectors(EMBEDDING, 'unlabelled', vectors);
            const order = Uint32Array.from(degrees.keys()).reverse();
            // Of 5 degrees each; no two are 5 degrees apart and not.
            const threshold = Math.cos((5.5 * Math.PI) / 180);
            const stay: number[] = [];
            const apart = (a: number, b: number) =>
              Math.min((a - b + 360) % 360, (b - a + 360) % 360);
            for (const ordinal of order) {
              const angle = degrees[ordinal]!;
              const isNear = (other: number) =>
                angle !== null && degrees[other] !== null && apart(angle, degrees[other]!) <= 5;
              if (!stay.some(isNear)) stay.push(ordinal);
            }
            const spec = { embedding: { endpoint: 'local', name: EMBEDDING } };
            const context = { dataset, spec } as Parameters<typeof withoutNearDuplicates>[0];
            const { signal } = new AbortController();
            const options = { threshold, enough: degrees.length, signal };
            const unlike = await withoutNearDuplicates(context, order, options);
            assert.deepEqual([...unlike.ordinals], stay);
            assert.equal(unlike.leftOut, degrees.length - stay.length);
          },
        ),
        { numRuns: 12 },
      );
    } finally {
      await remove();
    }
  });
});
