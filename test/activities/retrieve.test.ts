import assert from 'node:assert/strict';
import { afterEach, describe, it } from 'mocha';
import { attempt, type Laboratory, one, openLaboratory, ref } from './support.ts';

const QUESTIONS = {
  labelled: ['a red apple on a tree', 'a green apple', 'a hammer and a nail', 'a nail of iron'],
  unlabelled: ['a green apple on a tree', 'a hammer of iron', 'wholly unrelated'],
};
const range = { from: 0, to: QUESTIONS.unlabelled.length };

describe('retrieve', () => {
  let lab: Laboratory;
  afterEach(() => lab.close());

  /** What it stores of each unlabelled example. */
  const retrieved = async (mode: string) => {
    const examples = (['labelled', 'unlabelled'] as const).flatMap((split) =>
      QUESTIONS[split].map((question, ordinal) => one(split, ordinal, { question })),
    );
    const collaborators = [{ type: 'neighbours', name: 'vote', neighbours: 3 }];
    lab = await openLaboratory({ spec: { collaborators, retrieval: { mode } }, examples });
    for (const split of ['labelled', 'unlabelled'] as const)
      if (mode !== 'bm25')
        await attempt(lab.activities.embed, {
          ...{ ...ref, split },
          range: { from: 0, to: QUESTIONS[split].length },
        });
    await attempt(lab.activities.prepareSearch, ref);
    await attempt(lab.activities.retrieve, { ...ref, pass: 'propagate', range });
    return [...(await lab.tables.neighbours({ round: 1, split: 'unlabelled', range })).values()];
  };

  for (const mode of ['vector', 'bm25', 'hybrid'])
    it(`stores the nearest with how alike they are, from 0 to 1, by ${mode}`, async () => {
      const found = await retrieved(mode);
      assert.equal(found.length, 3);
      for (const { labelled, similarities } of found) {
        assert.equal(labelled.length, similarities.length);
        assert.ok(similarities.every((similarity) => similarity >= 0 && similarity <= 1));
        assert.deepEqual(
          similarities,
          similarities.toSorted((a, b) => b - a),
          'nearest first',
        );
        if (mode !== 'vector' && similarities.length > 0) assert.equal(similarities[0], 1);
      }
    });

  it('finds by words only what shares one', async () => {
    const [apple, hammer, nothing] = await retrieved('bm25');
    assert.ok(apple!.labelled.length >= 2 && hammer!.labelled.length >= 2);
    assert.ok(apple!.similarities[1]! < 1);
    assert.deepEqual([nothing!.labelled, nothing!.similarities], [[], []]);
  });
});
