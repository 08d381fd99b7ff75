import assert from 'node:assert/strict';
import { afterEach, describe, it } from 'mocha';
import type { RankInput } from '../../activities/rankForReview.ts';
import type { RankedExample } from '../../core/review/ranking.ts';
import type { Judgement, Review, Reviewed } from '../../core/review/review.ts';
import type { StoredExample } from '../../core/types.ts';
import { answer } from '../store/support.ts';
import { attempt, type Laboratory, one, openLaboratory, ref } from './support.ts';

const collaborators = ['first', 'second', 'third', 'fourth'].map((name) => ({ name, shots: 2 }));
const input: RankInput = {
  ...ref,
  choice: { score: 'entropy', fitted: null, reason: 'the spec names it' },
  threshold: { cutoff: 0.35 },
};

/** Example by example: what each of the four answers, its entropy, and its nearest labelled example. */
type Said = { said: (string | null)[]; entropy: number; near: number };

const pool: Said[] = [
  { said: ['food', 'food', 'food', 'food'], entropy: 0.1, near: 0 },
  { said: ['food', 'food', 'food', 'plant'], entropy: 0.9, near: 0 },
  { said: ['food', 'food', 'plant', 'plant'], entropy: 0.3, near: 0 },
  { said: ['plant', 'food', 'plant', 'food'], entropy: 0.4, near: 0 },
  { said: ['plant', 'plant', 'plant', 'plant'], entropy: 0.5, near: 1 },
];

describe('Reviews', () => {
  let lab: Laboratory;
  afterEach(() => lab.close());

  async function open(spec: object, labelled: StoredExample[] = []): Promise<void> {
    lab = await openLaboratory({
      spec: { collaborators, ...spec },
      examples: [...labelled, ...pool.map((_, ordinal) => one('unlabelled', ordinal))],
    });
    const idOf = (ordinal: number) => one('unlabelled', ordinal).id;
    await lab.tables.addPseudoLabels(
      pool.map(({ said, entropy }, ordinal) => ({
        ...{ round: 1, ordinal, exampleId: idOf(ordinal), label: said[0]!, entropy },
        ...{ probability: 0.5, neighbours: null, response: null, collaborators: 4 },
        votes: said.filter((one) => one === said[0]).length,
        agreed: new Set(said).size === 1,
      })),
    );
    await lab.tables.addNeighbours(
      pool.map(({ near }, ordinal) => ({
        ...{ round: 1, split: 'unlabelled', ordinal, exampleId: idOf(ordinal) },
        ...{ labelled: [near], similarities: [1] },
      })),
    );
    const answers = pool.flatMap(({ said }, ordinal) =>
      said.map((parsed, index) =>
        answer(ordinal, {
          ...{ exampleId: idOf(ordinal), parsed, collaborator: collaborators[index]!.name },
        }),
      ),
    );
    await lab.tables.addAnswers(answers, 1);
  }

  const rank = (more: Partial<RankInput> = {}) =>
    attempt(lab.activities.rankForReview, { ...input, ...more });
  const places = async (round = 1) =>
    (await lab.store.reviews(ref.run).ranking(round))!.examples.map(
      ({ split, ordinal }) => `${split} ${ordinal}`,
    );
  const review = async (of: Reviewed, said: Judgement) => {
    const { split, ordinal, exampleId } = of;
    const by = { id: exampleId, reviewer: 'ada', ranking: 1, at: '2026-01-01T00:00:00.000Z' };
    const one: Review = { ...by, split, ordinal, exampleId, ...said };
    await lab.store.reviews(ref.run).add([one]);
  };

  it('are asked for first where collaborators disagree near the cut-off, over all clusters', async () => {
    await open({ review: { size: 4 } });
    assert.deepEqual(await rank(), { size: 4, suspects: 0 });
    const { examples, dataset } = (await lab.store.reviews(ref.run).ranking(1))!;
    assert.equal(dataset, ref.dataset);
    const [first, second] = examples as [RankedExample, RankedExample];
    // Two of four, beside the cut-off; then the best of the other cluster.
    assert.deepEqual(first.teaching, { disagreement: 0.5, nearness: 1 });
    assert.deepEqual(first.candidates, [
      { answer: 'food', votes: 2 },
      { answer: 'plant', votes: 2 },
    ]);
    assert.equal(second.ordinal, 4);
    assert.deepEqual(
      await places(),
      [2, 4, 3, 0].map((ordinal) => `unlabelled ${ordinal}`),
    );
  });

  it('are asked for once, and not while somebody is at them', async () => {
    await open({ review: { size: 2 } });
    await rank();
    const { examples } = (await lab.store.reviews(ref.run).ranking(1))!;
    await review(examples[0]!, { verdict: 'skip' });
    assert.deepEqual(await rank(), { size: 2, suspects: 0 }, 'another attempt changes nothing');
    assert.deepEqual(await places(), ['unlabelled 2', 'unlabelled 4']);
    await lab.tables.addPseudoLabels(
      (await lab.tables.pseudoLabels(1, { from: 0, to: 9 })).map((row) => ({ ...row, round: 2 })),
    );
    await rank({ round: 2, leased: { ranking: 1, positions: [1] } });
    assert.deepEqual(await places(2), ['unlabelled 3', 'unlabelled 0']);
  });

  describe('of gold answers', () => {
    // Models and neighbours take the third and the fourth for food; of the fourth not enough models do.
    const gold = ['food', 'food', 'plant', 'plant'];
    const labelled = gold.map((answer, ordinal) => one('labelled', ordinal, { answer }));
    const range = { from: 0, to: labelled.length };

    async function openAudited(): Promise<void> {
      await open({ review: { size: 4 }, audit: true }, labelled);
      await lab.tables.addNeighbours(
        labelled.map(({ id, ordinal }) => ({
          ...{ round: 1, split: 'labelled', ordinal, exampleId: id },
          ...{ labelled: [0, 1], similarities: [0.9, 0.8] },
        })),
      );
      const votes = [4, 4, 3, 2];
      const stage = 'cross-fit' as const;
      const answers = labelled.flatMap(({ id, ordinal }) =>
        collaborators.map(({ name: collaborator }, index) =>
          answer(ordinal, {
            ...{ stage, split: 'labelled', exampleId: id, collaborator },
            parsed: index < votes[ordinal]! ? 'food' : 'plant',
          }),
        ),
      );
      await lab.tables.addAnswers(answers, 1);
    }
    const audit = () => attempt(lab.activities.audit, { ...ref, way: 'vote' as const });

    it('list what models and neighbours both speak against, change nothing, and come first', async () => {
      await openAudited();
      const speaksAgainst = { votes: 3, collaborators: 4, against: 1, for: 0 };
      const figures = { heard: 4, suspects: 1, worst: [{ ordinal: 2, ...speaksAgainst }] };
      assert.deepEqual(await audit(), figures);
      assert.deepEqual(await audit(), figures);
      const dataset = lab.store.dataset(ref.dataset);
      assert.deepEqual(
        (await dataset.range('labelled', range)).map((row) => row.answer),
        gold,
      );
      const suspect = {
        ...{ ordinal: 2, exampleId: labelled[2]!.id, label: 'food' },
        ...speaksAgainst,
      };
      assert.deepEqual(await lab.store.reviews(ref.run).suspects(), [suspect]);
      assert.deepEqual(await rank(), { size: 4, suspects: 1 });
      assert.equal((await places())[0], 'labelled 2');
    });

    it('are not asked for again when somebody has had a look', async () => {
      await openAudited();
      await audit();
      await review(
        { split: 'labelled', ordinal: 2, exampleId: labelled[2]!.id },
        { verdict: 'answer', answer: 'plant' },
      );
      assert.deepEqual(await rank(), { size: 4, suspects: 0 });
    });
  });
});
