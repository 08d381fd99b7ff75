import assert from 'node:assert/strict';
import fc from 'fast-check';
import { describe, it } from 'mocha';
import type { Token } from '../../core/entropy.ts';
import { type Options, optionsOf, sharesOf } from '../../core/optionShares.ts';
import { builtIn } from '../../core/registry.ts';
import { example } from './tasks/conformance.ts';

const SENTIMENTS: Options = new Map(
  ['negative', 'neutral', 'positive'].map((label) => [label, label]),
);

/** A place of a text with its likeliest tokens, the first of which was drawn. */
const place = (...likeliest: [text: string, probability: number][]): Token => {
  const top = likeliest.map(([text, probability]) => ({ text, logprob: Math.log(probability) }));
  return { ...top[0]!, top };
};

function assertShares(actual: unknown, expected: Record<string, number>): void {
  const shares = actual as Record<string, number>;
  assert.deepEqual(Object.keys(shares).sort(), Object.keys(expected).sort());
  for (const [answer, share] of Object.entries(expected))
    assert.ok(Math.abs(shares[answer]! - share) < 1e-9, `${answer}: ${shares[answer]}`);
}

describe('what a model gives each answer', () => {
  it('is what the likeliest tokens say, of all that they give to any', () => {
    const tokens = [place(['positive', 0.6], ['neutral', 0.2], ['negative', 0.1], ['The', 0.1])];
    const shares = sharesOf(tokens, SENTIMENTS, 'positive');
    assertShares(shares, { positive: 6 / 9, neutral: 2 / 9, negative: 1 / 9 });
  });

  it('follows labels of several tokens to where they part, and counts no further ones', () => {
    const tokens = [
      place(['ne', 0.8], ['pos', 0.2]),
      place(['utral', 0.75], ['gative', 0.25]),
      place(['\n', 0.5], [' I', 0.5]),
    ];
    assertShares(sharesOf(tokens, SENTIMENTS, 'neutral'), {
      neutral: 0.6,
      negative: 0.2,
      positive: 0.2,
    });
  });

  it('sums up the spellings of a label', () => {
    const tokens = [place([' Neutral', 0.5], ['neutral', 0.25], ['POS', 0.25])];
    assertShares(sharesOf(tokens, SENTIMENTS, 'neutral'), { neutral: 0.75, positive: 0.25 });
  });

  it('goes by signs that come after a letter, and not by words that begin with it', () => {
    const letters: Options = new Map(['A', 'B'].map((letter) => [letter, letter]));
    const tokens = [place(['A', 0.5], ['B.', 0.25], ['Because', 0.25])];
    assertShares(sharesOf(tokens, letters, 'A'), { A: 2 / 3, B: 1 / 3 });
  });

  it('tells a label from another that goes on after it', () => {
    const options: Options = new Map(['bill', 'bill dispute'].map((label) => [label, label]));
    assertShares(sharesOf([place(['bill', 0.9])], options, 'bill'), { bill: 1 });
    const longer = [place(['bill', 0.9]), place([' dispute', 0.6])];
    assertShares(sharesOf(longer, options, 'bill dispute'), { 'bill dispute': 1 });
  });

  it('is not known of a text that begins otherwise, of another answer, or without probabilities', () => {
    const known = place(['positive', 0.9], ['neutral', 0.1]);
    for (const [tokens, parsed] of [
      [[place(['The', 0.9]), known], 'positive'],
      [[known], 'neutral'],
      [[known], null],
      [[{ text: 'positive', logprob: null }], 'positive'],
      [[], 'positive'],
      [null, 'positive'],
    ] as [Token[] | null, string | null][])
      assert.equal(sharesOf(tokens, SENTIMENTS, parsed), null);
  });

  it('adds up to one', () => {
    const words = fc.constantFrom('ne', 'gative', 'utral', 'positive', ' ', 'x', 'Neg', '"', '\n');
    const probability = fc.double({ min: 0.001, max: 1, noNaN: true });
    const tokens = fc.array(
      fc
        .array(fc.tuple(words, probability), { minLength: 1, maxLength: 5 })
        .map((likeliest) => place(...likeliest)),
      { maxLength: 4 },
    );
    fc.assert(
      fc.property(tokens, fc.constantFrom(...SENTIMENTS.keys()), (said, parsed) => {
        const shares = sharesOf(said, SENTIMENTS, parsed);
        if (shares === null) return;
        assert.ok(shares[parsed]! > 0);
        const sum = Object.values(shares).reduce((total, share) => total + share, 0);
        assert.ok(Math.abs(sum - 1) < 1e-9);
      }),
    );
  });
});

describe('the answers that there can be', () => {
  const said = (spec: Parameters<typeof builtIn.task>[0], options?: string[]) => {
    const found = optionsOf(builtIn.task(spec), example(options ? { options } : {}));
    return found && Object.fromEntries(found);
  };

  it('are the labels, or the letters of an example, as a model is taught to say them', () => {
    assert.deepEqual(said({ type: 'classification', labels: ['x', 'y z'] }), {
      x: 'x',
      'y z': 'y z',
    });
    assert.deepEqual(said({ type: 'multiple-choice' }, ['one', 'two', 'three']), {
      ...{ A: 'A', B: 'B', C: 'C' },
    });
  });

  it('are no fixed set where an answer has several labels, or is free', () => {
    assert.equal(said({ type: 'multi-label', labels: ['x', 'y'] }), undefined);
    assert.equal(said({ type: 'numeric' }), undefined);
    assert.equal(said({ type: 'free-form' }), undefined);
  });
});
