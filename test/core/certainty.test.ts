import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { certaintyOf, type Said } from '../../core/certainty.ts';
import type { Token } from '../../core/entropy.ts';

const token = (text: string, logprob: number | null): Token => ({ text, logprob });
const tokens = [
  token('It', -3),
  token(' barks.', -1),
  token('\nAnswer', -0.5),
  token(':', -0.5),
  token(' ani', -0.25),
  token('mal', -0.75),
  token('<|end|>', null),
];
const thought = [token('<think>', -5), token('Hm.', -4)];
const reasoned: Said = {
  text: 'It barks.\nAnswer: animal',
  tokens,
  allTokens: [...thought, ...tokens],
};
const direct: Said = { text: 'animal', tokens: tokens.slice(4), allTokens: tokens.slice(4) };
const form = { entropy: 'response', thoughts: 'leave-out' } as const;
const ofAnswer = { ...form, entropy: 'answer' } as const;

describe('how sure a model was', () => {
  it('is the mean over the whole response, by default, as in the paper', () => {
    assert.equal(certaintyOf(reasoned, form, true).entropy, 1);
    assert.equal(certaintyOf(direct, form, false).entropy, 0.5);
  });

  it("is that over the answer's tokens, where the spec says so", () => {
    for (const isReasoned of [true, false])
      assert.equal(certaintyOf(reasoned, ofAnswer, isReasoned).entropy, 0.5);
    assert.equal(certaintyOf(direct, ofAnswer, false).entropy, 0.5, 'all, where nothing is marked');
  });

  it('counts thoughts in, where they are kept, but not as an answer', () => {
    assert.equal(certaintyOf(reasoned, { ...form, thoughts: 'keep' }, true).entropy, 15 / 8);
    const both = { entropy: 'answer', thoughts: 'keep' } as const;
    assert.equal(certaintyOf(reasoned, both, true).entropy, 0.5);
  });

  it('has a probability of the answer alone, and not of the reasons before it', () => {
    assert.equal(certaintyOf(reasoned, form, true).probability, Math.exp(-1));
    assert.equal(certaintyOf(reasoned, form, false).probability, Math.exp(-6));
    assert.equal(certaintyOf(direct, form, false).probability, Math.exp(-1));
  });

  it('is nothing where no token tells, or where the answer is not to be found among them', () => {
    const nothing = { entropy: null, probability: null };
    assert.deepEqual(
      certaintyOf({ ...direct, tokens: null, allTokens: null }, form, false),
      nothing,
    );
    const bytes = [token('Ċ', -1), token('AnswerĠis', -1), token('Ġanimal', -1)];
    const unlike = { ...reasoned, tokens: bytes, allTokens: bytes };
    assert.deepEqual(certaintyOf(unlike, ofAnswer, true), nothing);
    assert.equal(certaintyOf(unlike, form, true).entropy, 1);
    const cut = { ...reasoned, text: 'It.\nAnswer:', tokens: [token('\nAnswer:', -1)] };
    assert.deepEqual(certaintyOf(cut, ofAnswer, true), nothing);
  });
});
