import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { packable } from '../../store/packs.ts';

describe('Tables of small segments', () => {
  /** The sizes of the tables that there are after additions of these sizes. */
  const tablesAfter = (additions: readonly number[]) => {
    const tables: number[] = [];
    let copied = 0;
    for (const size of additions) {
      tables.push(size);
      const count = packable(tables);
      const together = tables.splice(-count - 1).reduce((sum, one) => sum + one, 0);
      if (count > 0) copied += together;
      tables.push(together);
    }
    return { tables, copied };
  };

  it('are few, however many segments there are, and each row is copied few times', () => {
    const { tables, copied } = tablesAfter(new Array(500).fill(20));
    assert.equal(
      tables.reduce((sum, one) => sum + one, 0),
      10_000,
    );
    assert.ok(tables.length <= 7, `${tables}`);
    assert.ok(copied < 25 * 10_000, `${copied} rows were copied`);
  });

  it('leave large segments alone, and what brings no examples', () => {
    assert.equal(packable([1_000_000, 10]), 0);
    assert.equal(packable([1_000_000, 10, 10]), 1);
    assert.equal(packable([4_000, 1_000]), 0);
    assert.equal(packable([10, 10, 0]), 0);
    assert.equal(packable([10, 0, 10]), 2);
    assert.equal(packable([]), 0);
  });
});
