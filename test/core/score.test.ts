import assert from 'node:assert/strict';
import fc from 'fast-check';
import { describe, it } from 'mocha';
import { addScores, NO_SCORE, scoreOf } from '../../core/score.ts';
import type { Metric } from '../../core/tasks/task.ts';

const metrics: Metric[] = [
  { name: 'accuracy', test: 'mcnemar' },
  { name: 'F1', test: 'bootstrap' },
];
const part = fc.record({ got: fc.nat(9), of: fc.nat(9) });
const grades = fc.array(fc.tuple(part, part));

describe('a score', () => {
  it('is the sum of the parts of each metric, by its name', () => {
    const [right, half] = [
      [
        { got: 1, of: 1 },
        { got: 6, of: 6 },
      ],
      [
        { got: 0, of: 1 },
        { got: 2, of: 5 },
      ],
    ];
    assert.deepEqual(scoreOf(metrics, [right!, half!]), {
      examples: 2,
      parts: [
        { metric: 'accuracy', got: 1, of: 2 },
        { metric: 'F1', got: 8, of: 11 },
      ],
    });
  });

  it('of two batches is that of both together', () => {
    fc.assert(
      fc.property(grades, grades, (some, others) => {
        const sum = addScores(scoreOf(metrics, some), scoreOf(metrics, others));
        assert.deepEqual(sum, scoreOf(metrics, [...some, ...others]));
        assert.deepEqual(addScores(NO_SCORE, sum), sum);
        assert.deepEqual(addScores(sum, NO_SCORE), sum);
      }),
    );
  });
});
