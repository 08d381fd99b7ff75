import assert from 'node:assert/strict';
import fc from 'fast-check';
import { describe, it } from 'mocha';
import { type Candidate, isRanked, isSelected, selectionThreshold } from '../../core/selection.ts';
import type { SelectionSpec } from '../../core/spec.ts';

const row = (entropy: number | null, agreed = false, label: string | null = 'a'): Candidate => ({
  entropy,
  agreed,
  label,
});
const thresholdOf = (spec: SelectionSpec, rows: Candidate[]) => {
  const ranked = rows.filter((one) => isRanked(one, spec));
  return selectionThreshold(
    spec,
    Float64Array.from(ranked, (one) => one.entropy!),
  );
};
const select = (spec: SelectionSpec, rows: Candidate[]) => {
  const threshold = thresholdOf(spec, rows);
  return rows.filter((one) => isSelected(one, threshold));
};
const entropies = (spec: SelectionSpec, rows: Candidate[]) =>
  select(spec, rows).map((one) => one.entropy);

const pool = fc.array(
  fc.record({
    entropy: fc.option(fc.double({ min: 0, max: 5, noNaN: true })),
    agreed: fc.boolean(),
    label: fc.option(fc.constantFrom('a', 'b')),
  }),
);
const percentile = fc.integer({ min: 0, max: 100 });

describe('the rule of the paper', () => {
  const paper = (theta: number): SelectionSpec => ({ rule: 'paper', percentile: theta });

  it('keeps the entropies at or below the percentile', () => {
    const rows = [0.4, 0.1, 0.3, 0.2].map((entropy) => row(entropy));
    assert.equal(thresholdOf(paper(50), rows).cutoff, 0.2);
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
  const official = (theta: number): SelectionSpec => ({ rule: 'official', percentile: theta });

  it('keeps all agreed, and the disagreed up to their own percentile', () => {
    const rows = [row(9, true), row(null, true), row(0.3), row(0.1), row(0.2), row(null)];
    assert.deepEqual(entropies(official(34), rows), [9, null, 0.1, 0.2]);
    assert.deepEqual(entropies(official(0), rows), [9, null]);
    assert.deepEqual(select(official(30), [row(0, true, null)]), []);
  });
});

describe('a threshold', () => {
  it('is plain JSON', () => {
    const threshold = thresholdOf({ rule: 'paper', percentile: 50 }, [row(0.5)]);
    assert.deepEqual(JSON.parse(JSON.stringify(threshold)), threshold);
  });
});
