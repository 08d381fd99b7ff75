import assert from 'node:assert/strict';
import fc from 'fast-check';
import { describe, it } from 'mocha';
import { answerKey, neighboursNeeded, requestGroups, seedFor, shotsFor } from '../../core/shots.ts';
import type { CollaboratorSpec } from '../../core/spec.ts';
import type { Shot } from '../../core/types.ts';

const collaborator = (fields: Partial<CollaboratorSpec> & { name: string }): CollaboratorSpec => ({
  model: 'warm-up',
  shots: 3,
  skip: 0,
  order: 'nearest-last',
  temperature: 0,
  samples: 1,
  ...fields,
});
const hex = fc.string({
  unit: fc.constantFrom(...'0123456789abcdef'),
  minLength: 64,
  maxLength: 64,
});

describe('shotsFor', () => {
  const neighbours = ['a', 'b', 'c', 'd'].map((id): Shot => ({ id, question: id, answer: 'x' }));
  const ids = (fields: Partial<CollaboratorSpec>) =>
    shotsFor(collaborator({ name: 'c', ...fields }), neighbours)
      .map((shot) => shot.id)
      .join('');

  it('takes, skips and orders', () => {
    assert.equal(ids({}), 'cba');
    assert.equal(ids({ order: 'nearest-first' }), 'abc');
    assert.equal(ids({ skip: 2 }), 'dc');
    assert.equal(ids({ shots: 0 }), '');
    assert.equal(neighbours[0]!.id, 'a');
  });
});

describe('neighboursNeeded', () => {
  it('is as far as any collaborator looks', () => {
    const bare = collaborator({ name: 'bare', shots: 0, skip: 9 });
    assert.equal(neighboursNeeded([bare, collaborator({ name: 'far', skip: 2 })]), 5);
    assert.equal(neighboursNeeded([bare]), 0);
    assert.equal(neighboursNeeded([]), 0);
  });
});

describe('requestGroups', () => {
  it('joins collaborators that differ only in sampling', () => {
    const groups = requestGroups([
      collaborator({ name: 'one', temperature: 1, samples: 2 }),
      collaborator({ name: 'other', skip: 3 }),
      collaborator({ name: 'two', temperature: 1 }),
    ]);
    assert.deepEqual(
      groups.map((group) => group.places),
      [
        [
          { collaborator: 'one', sample: 0 },
          { collaborator: 'one', sample: 1 },
          { collaborator: 'two', sample: 0 },
        ],
        [{ collaborator: 'other', sample: 0 }],
      ],
    );
    assert.deepEqual(
      groups[0]!.members.map((member) => member.name),
      ['one', 'two'],
    );
  });

  it('keeps apart what makes another request', () => {
    const base = collaborator({ name: 'base' });
    for (const other of [
      { model: 'base' },
      { shots: 2 },
      { skip: 1 },
      { order: 'nearest-first' as const },
      { temperature: 1 },
    ])
      assert.equal(requestGroups([base, { ...base, ...other }]).length, 2, JSON.stringify(other));
  });

  it('ignores what makes no difference to the prompt', () => {
    const bare = collaborator({ name: 'bare', shots: 0 });
    assert.equal(requestGroups([bare, { ...bare, skip: 2, order: 'nearest-first' }]).length, 1);
    const single = collaborator({ name: 'single', shots: 1 });
    assert.equal(requestGroups([single, { ...single, order: 'nearest-first' }]).length, 1);
  });
});

describe('answerKey', () => {
  it('names all that tells answers apart', () => {
    const answer = { round: 1, stage: 'collaborate', exampleId: 'ab', sample: 2 } as const;
    assert.equal(answerKey({ ...answer, collaborator: 'no-shots' }), '1/collaborate/ab/no-shots/2');
  });
});

describe('seedFor', () => {
  it('is a 31-bit number that is always the same', () => {
    fc.assert(
      fc.property(fc.nat(2 ** 31 - 1), hex, fc.nat(15), (seed, id, sample) => {
        const value = seedFor(seed, id, sample);
        assert.ok(Number.isInteger(value) && value >= 0 && value < 2 ** 31);
        assert.equal(value, seedFor(seed, id, sample));
      }),
    );
    // Stored answers were drawn with these: the derivation must not change.
    assert.equal(seedFor(0, '0'.repeat(64), 0), 1344302577);
    assert.equal(seedFor(42, 'abcdef0123456789'.repeat(4), 1), 1355152747);
  });

  it('differs by seed, example and sample', () => {
    const seeds = new Set<number>();
    for (let seed = 0; seed < 10; seed++)
      for (let example = 0; example < 100; example++)
        for (let sample = 0; sample < 10; sample++)
          seeds.add(seedFor(seed, example.toString(16).padStart(16, '0'), sample));
    assert.ok(seeds.size > 9_990, `${seeds.size} of 10,000`);
  });
});
