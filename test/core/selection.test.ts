import assert from 'node:assert/strict';
import fc from 'fast-check';
import { describe, it } from 'mocha';
import type { Verdict } from '../../core/consensus.ts';
import { builtIn } from '../../core/registry.ts';
import { RankedScores } from '../../core/selection/rankedScores.ts';
import { entropy } from '../../core/selection/scores/entropy.ts';
import { probability } from '../../core/selection/scores/probability.ts';
import { votes } from '../../core/selection/scores/votes.ts';
import type { SelectionInput } from '../../core/spec.ts';

const row = (entropyOf: number | null, agreed = false, label: string | null = 'a'): Verdict => ({
  entropy: entropyOf,
  agreed,
  label,
  probability: agreed ? 1 : 0.5,
  neighbours: null,
  votes: agreed ? 4 : 3,
  collaborators: 4,
});
const thresholdOf = (spec: SelectionInput, rows: Verdict[]) => {
  const selector = builtIn.selector(spec);
  const ranked = new RankedScores(rows.length);
  for (const one of rows) {
    const score = selector.ranked(one);
    if (score) ranked.add(score);
  }
  return selector.threshold(ranked);
};
const select = (spec: SelectionInput, rows: Verdict[]) => {
  const threshold = thresholdOf(spec, rows);
  return rows.filter((one) => builtIn.selector(spec).keeps(one, threshold));
};
const entropies = (spec: SelectionInput, rows: Verdict[]) =>
  select(spec, rows).map((one) => one.entropy);

const pool = fc.array(
  fc.record({
    entropy: fc.option(fc.double({ min: 0, max: 5, noNaN: true })),
    agreed: fc.boolean(),
    probability: fc.double({ min: 0, max: 1, noNaN: true }),
    neighbours: fc.option(fc.double({ min: 0, max: 1, noNaN: true })),
    label: fc.option(fc.constantFrom('a', 'b')),
    votes: fc.integer({ min: 1, max: 4 }),
    collaborators: fc.constant(4),
  }),
);
const percentile = fc.integer({ min: 0, max: 100 });

describe('a rule that is applied to each class by itself', () => {
  const each = (rule: object): SelectionInput =>
    ({ score: 'entropy', perClass: true, ...rule }) as never;
  const paper = (theta: number) => each({ rule: 'paper', percentile: theta });
  const of = (label: string, entropies: number[]) =>
    entropies.map((entropy) => row(entropy, false, label));

  it('keeps the surest of a class of which the models are seldom sure', () => {
    const rows = [...of('a', [0.1, 0.2, 0.3, 0.4]), ...of('b', [2, 1])];
    assert.deepEqual(thresholdOf(paper(50), rows), { a: { cutoff: 0.2 }, b: { cutoff: 1 } });
    assert.deepEqual(entropies(paper(50), rows), [0.1, 0.2, 1]);
    assert.deepEqual(entropies({ ...paper(50), perClass: false }, rows), [0.1, 0.2, 0.3]);
  });

  it('keeps of each class what the rule would keep, were there no other', () =>
    fc.assert(
      fc.property(pool, percentile, fc.constantFrom('paper', 'official'), (rows, theta, rule) => {
        const spec = each({ rule, percentile: theta });
        const alone = ['a', 'b'].flatMap((label) =>
          select(
            { ...spec, perClass: false },
            rows.filter((one) => one.label === label),
          ),
        );
        assert.deepEqual(new Set(select(spec, rows)), new Set(alone));
      }),
    ));

  it('says the threshold of each', () => {
    const rows = [...of('a', [0.1, 0.2]), ...of('__proto__', [1])];
    const threshold = thresholdOf(paper(50), rows);
    assert.equal(
      builtIn.selector(paper(50)).describe(threshold),
      'of each label by itself: a, paper 50 (entropy up to 0.1000), __proto__, paper 50 (entropy up to 1.0000)',
    );
    assert.equal(builtIn.selector(paper(50)).keeps(rows[2]!, threshold), true);
  });
});

describe('the rule of the paper', () => {
  const paper = (theta: number): SelectionInput => ({
    ...{ rule: 'paper', score: 'entropy', percentile: theta },
  });

  it('keeps the entropies at or below the percentile', () => {
    const rows = [0.4, 0.1, 0.3, 0.2].map((entropy) => row(entropy));
    assert.deepEqual(thresholdOf(paper(50), rows), { cutoff: 0.2 });
    assert.deepEqual(entropies(paper(50), rows), [0.1, 0.2]);
    assert.deepEqual(entropies(paper(100), rows), [0.4, 0.1, 0.3, 0.2]);
    assert.deepEqual(entropies(paper(0), rows), []);
    assert.deepEqual(entropies(paper(1), rows), [0.1]);
  });

  it('keeps ties at the cut-off', () => {
    assert.equal(select(paper(50), [row(0), row(0), row(0), row(1)]).length, 3);
  });

  it('leaves out and does not count what has no label or no entropy', () => {
    const rows = [row(0.1), row(null), row(0, true, null), row(0.2)];
    assert.deepEqual(entropies(paper(50), rows), [0.1]);
    assert.deepEqual(select(paper(50), [row(null)]), []);
    assert.deepEqual(select(paper(50), []), []);
  });

  it('keeps at least the share θ, and never a worse one before a better', () => {
    fc.assert(
      fc.property(pool, percentile, (rows, theta) => {
        const kept = select(paper(theta), rows);
        const usable = rows.filter((one) => one.label !== null && one.entropy !== null);
        assert.ok(kept.length >= Math.ceil((theta * usable.length) / 100));
        const worst = Math.max(-1, ...kept.map((one) => one.entropy!));
        for (const one of usable) assert.equal(kept.includes(one), one.entropy! <= worst);
      }),
    );
  });

  it('does not depend on the order of the rows', () => {
    fc.assert(
      fc.property(pool, percentile, (rows, theta) => {
        assert.deepEqual(
          thresholdOf(paper(theta), rows),
          thresholdOf(paper(theta), rows.toReversed()),
        );
      }),
    );
  });
});

describe("the rule of the authors' code", () => {
  const official = (theta: number): SelectionInput => ({
    ...{ rule: 'official', score: 'entropy', percentile: theta },
  });

  it('keeps all agreed, and the disagreed up to their own percentile', () => {
    const rows = [row(9, true), row(null, true), row(0.3), row(0.1), row(0.2), row(null)];
    assert.deepEqual(entropies(official(34), rows), [9, null, 0.1, 0.2]);
    assert.deepEqual(entropies(official(0), rows), [9, null]);
    assert.deepEqual(select(official(30), [row(0, true, null)]), []);
  });
});

describe('the score', () => {
  const labelled = pool.map((rows) => rows.map((one) => ({ ...one, label: 'a' })));

  it('of the paper is the entropy', () => {
    assert.equal(entropy.of({ ...row(0.25), label: 'a' }), 0.25);
    assert.equal(entropy.of({ ...row(null), label: 'a' }), null);
  });

  it('of votes is the share of the others, and among equal shares the order of the entropies', () => {
    const before = (a: Verdict, b: Verdict) =>
      b.votes - a.votes ||
      (a.entropy ?? Number.POSITIVE_INFINITY) - (b.entropy ?? Number.POSITIVE_INFINITY) ||
      0;
    fc.assert(
      fc.property(labelled, (rows) => {
        for (const [index, a] of rows.entries())
          for (const b of rows.slice(index)) {
            // Entropies closer than a billionth may tie.
            const isClose = Math.abs((a.entropy ?? 9) - (b.entropy ?? 9)) < 1e-7;
            const given = Math.sign(votes.of(a)! - votes.of(b)!);
            if (a.votes !== b.votes || !isClose) assert.equal(given, Math.sign(before(a, b)));
            const apart = Math.abs(1 - a.votes / 4 - votes.of(a)!);
            assert.ok(apart < 1e-6, 'the share can be read from it');
          }
      }),
    );
  });

  it('of probability is what the label lacks of being certain', () => {
    assert.equal(probability.of({ ...row(null), label: 'a', probability: 0.75 }), 0.25);
    const rows = [0.2, 0.9, 0.6].map((given) => ({ ...row(null), probability: given }));
    const kept = select({ rule: 'paper', score: 'probability', percentile: 50 }, rows);
    assert.deepEqual(
      kept.map((one) => one.probability),
      [0.9, 0.6],
    );
  });

  it('tells the sure from the unsure where no answer has log-probabilities', () => {
    const rows = [1, 4, 2, 3].map((count) => ({ ...row(null), votes: count }));
    const kept = select({ rule: 'paper', score: 'votes', percentile: 50 }, rows);
    assert.deepEqual(
      kept.map((one) => one.votes),
      [4, 3],
    );
  });
});

describe('a threshold', () => {
  it('is plain JSON', () => {
    const threshold = thresholdOf({ rule: 'paper', score: 'votes', percentile: 50 }, [row(0.5)]);
    assert.deepEqual(JSON.parse(JSON.stringify(threshold)), threshold);
  });
});
