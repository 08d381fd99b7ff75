import assert from 'node:assert/strict';
import { ApplicationFailure } from '@temporalio/common';
import { afterEach, describe, it } from 'mocha';
import { usageOf } from '../../core/usage.ts';
import { answer } from '../store/support.ts';
import { attempt, type Laboratory, openLaboratory, ref } from './support.ts';

const everything = { from: 0, to: 100_000 };
const none = { from: 0, to: 1 };

describe('what a store keeps of old rounds', () => {
  let lab: Laboratory;
  afterEach(() => lab.close());

  const open = async (spec: object) => {
    lab = await openLaboratory({ spec });
  };
  const maintain = (round: number) =>
    attempt(lab.activities.maintain, { ...ref, round, range: none });

  /** A round that has answered two examples, far apart, and selected one of them. */
  async function roundOf(round: number): Promise<void> {
    const { tables } = lab;
    const of = { round, split: 'unlabelled' as const, exampleId: 'e' };
    const ordinals = [0, 20_000];
    await tables.addAnswers(
      ordinals.map((ordinal) => answer(ordinal, { round, promptTokens: round })),
      1,
    );
    const each = <Row>(row: Row) => ordinals.map((ordinal) => ({ ...of, ordinal, ...row }));
    await tables.addNeighbours(each({ labelled: [1], similarities: [1] }));
    await tables.addMeanings(each({ answers: ['a'], groups: [0] }));
    await tables.addViews(each({ shares: [1] }));
    await tables.addPseudoLabels(
      each({
        ...{ label: 'food', agreed: true, entropy: 0, probability: 1, neighbours: null },
        ...{ votes: 1, collaborators: 1, response: null },
      }),
    );
    await tables.addSelected([{ round, ordinal: 0, exampleId: 'e', score: 0, weight: 1 }]);
    await tables.addEvaluations([
      { round, role: 'semievol', model: 'm', metric: 'accuracy', got: 1, of: 2 },
    ]);
  }

  async function answersOf(round: number): Promise<number[]> {
    const { tables } = lab;
    const split = { round, split: 'unlabelled' as const, range: everything };
    const answers = await tables.answers({ round, stage: 'collaborate', range: everything });
    const others = [tables.neighbours(split), tables.meanings(split), tables.views(split)];
    return [
      answers.length,
      ...(await Promise.all<Map<number, unknown>>(others)).map(({ size }) => size),
    ];
  }
  async function keptOf(round: number) {
    const { tables } = lab;
    let selected = 0;
    for await (const rows of tables.scanSelected(round)) selected += rows.length;
    return {
      labels: (await tables.pseudoLabels(round, everything)).length,
      selected,
      evaluations: (await tables.evaluations(round)).length,
      promptTokens: usageOf(await tables.spend(round), 'collaborate').promptTokens,
    };
  }

  it('are the answers of the last ones, and of all others what is not answers', async () => {
    await open({ retention: { answers: 2 } });
    for (const round of [1, 2, 3]) await roundOf(round);
    for (const round of [2, 3, 3]) await maintain(round); // the last attempt is a repetition
    assert.deepEqual(await lab.tables.dropped(), [1]);
    assert.deepEqual(await lab.tables.roundsWithAnswers(), [2, 3]);
    for (const round of [1, 2, 3]) {
      assert.deepEqual(await answersOf(round), round === 1 ? [0, 0, 0, 0] : [2, 2, 2, 2]);
      assert.deepEqual(await keptOf(round), {
        ...{ labels: 2, selected: 1, evaluations: 1, promptTokens: 2 * round },
      });
    }
  });

  it('is everything unless the spec says otherwise', async () => {
    await open({});
    for (const round of [1, 2]) await roundOf(round);
    await maintain(2);
    assert.deepEqual(await lab.tables.dropped(), []);
    assert.deepEqual(await answersOf(1), [2, 2, 2, 2]);
  });

  it('counts what a worker has spent that died while it dropped', async () => {
    await open({ retention: { answers: 2 } });
    await roundOf(1);
    await lab.tables.drop(1);
    // It had noted what they cost, and only begun to drop them.
    await lab.tables.addAnswers([answer(0, { round: 1, promptTokens: 1 })], 1);
    await maintain(3);
    assert.deepEqual(await answersOf(1), [0, 0, 0, 0]);
    assert.equal((await keptOf(1)).promptTokens, 2);
  });

  it('is not asked for again', async () => {
    await open({ retention: { answers: 2 } });
    await roundOf(1);
    await maintain(3);
    await assert.rejects(maintain(1), (error) => {
      assert.ok(error instanceof ApplicationFailure && error.nonRetryable);
      assert.equal(error.type, 'RoundDropped');
      assert.match(error.message, /round 1 of run "the-run" .*retention\.answers/);
      return true;
    });
  });
});
