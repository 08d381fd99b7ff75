import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { arrivedText } from '../../cli/arrived.ts';

const none = { labelled: 0, unlabelled: 0, test: 0 };
const arrived = {
  dataset: 'd',
  segment: 3,
  counts: none,
  struck: none,
  added: none,
  removed: none,
};

describe('What came of an arrival', () => {
  it('is said in a line, with what was struck out and what counts again', () => {
    assert.equal(
      arrivedText('tickets', {
        ...arrived,
        added: { labelled: 2, unlabelled: 1_200, test: 0 },
        removed: { labelled: 1, unlabelled: 0, test: -1 },
      }),
      '"tickets": 2 labelled, 1,200 unlabelled are new; 1 labelled is struck out; 1 test counts again (segment 3)',
    );
  });

  it('is told, too, where it is nothing', () => {
    assert.equal(
      arrivedText('tickets', arrived),
      '"tickets" stays as it is: nothing of this is new to its data',
    );
  });
});
