import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { leftOutLines } from '../../core/report.ts';

const none = {
  files: [],
  duplicates: { labelled: 0, unlabelled: 0, test: 0 },
  contamination: { labelledInTest: 0, unlabelledInTest: 0, unlabelledInLabelled: 0 },
  badRows: { labelled: 0, unlabelled: 0, test: 0 },
  problems: [],
};

describe('leftOutLines', () => {
  it('says nothing where nothing was left out', () => {
    assert.equal(leftOutLines(none), '');
  });

  it('counts what was left out, and lists the bad rows by file and line', () => {
    const lines = leftOutLines({
      files: [],
      duplicates: { ...none.duplicates, unlabelled: 2 },
      contamination: { ...none.contamination, unlabelledInTest: 1, unlabelledInLabelled: 3 },
      badRows: { ...none.badRows, labelled: 1 },
      problems: [{ file: 'labelled.csv', line: 7, problem: 'no answer' }],
    });
    assert.equal(
      lines,
      'Left out of the data: 2 repeated, 4 found in another split too, 1 unusable.\n  labelled.csv:7: no answer',
    );
  });
});
