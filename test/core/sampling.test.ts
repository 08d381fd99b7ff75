import assert from 'node:assert/strict';
import fc from 'fast-check';
import { describe, it } from 'mocha';
import { sampling, samplingOf, seedFor } from '../../core/sampling.ts';
import { collaborator } from './support.ts';

const hex = fc.string({
  unit: fc.constantFrom(...'0123456789abcdef'),
  minLength: 64,
  maxLength: 64,
});

describe('samplingOf', () => {
  it('is greedy, and has nothing that was not given', () => {
    assert.deepEqual(samplingOf(collaborator({ name: 'one' }), 16), {
      temperature: 0,
      maxTokens: 16,
    });
  });

  it('takes all that is about sampling, and its own bound before that of the run', () => {
    const given = {
      ...{ temperature: 0.7, topP: 0.9, reasoningEffort: 'low' as const, maxTokens: 4 },
      extraBody: { chat_template_kwargs: { enable_thinking: false } },
    };
    assert.deepEqual(samplingOf(collaborator({ name: 'one', ...given }), 16), given);
    assert.deepEqual(Object.keys(given).sort(), Object.keys(sampling.shape).sort());
  });
});

describe('the fields that a spec adds to requests', () => {
  it('are not those that every request has, nor what has a field of ours', () => {
    const { error } = sampling.safeParse({ extraBody: { top_k: 5, seed: 1, top_p: 0.9 } });
    assert.deepEqual(
      error!.issues.map(({ path, message }) => [path.join('.'), message]),
      [
        ['extraBody.seed', 'every request has its own "seed": leave it out'],
        ['extraBody.top_p', 'write it as topP, beside extraBody'],
      ],
    );
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
