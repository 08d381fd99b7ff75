import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import {
  billLine,
  leftOutLines,
  markdownSummary,
  selectionNotes,
  tallyCells,
} from '../../core/report.ts';
import { noUsage } from '../../core/usage.ts';

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

describe('billLine', () => {
  const used = { ...noUsage, phase: 'collaborate', endpoint: 'gpu', model: 'm', requests: 5 };

  it('tells the cost, the models without a price, and the requests without usage', () => {
    const bill = {
      cost: 1.234,
      unpriced: [{ endpoint: 'gpu', model: 'm', tokens: ['output' as const, 'training' as const] }],
    };
    assert.equal(
      billLine({ bill, usage: [{ ...used, unmetered: 2 }] }),
      'Cost: 1.23 US dollars. Unpriced: m at gpu (output, training); prices in temporal.config.ts would count them. 2 requests came back without usage; their tokens are not counted.',
    );
  });

  it('never calls free what has no price', () => {
    assert.equal(billLine({ bill: { cost: null, unpriced: [] }, usage: [used] }), 'Cost: unknown.');
  });
});

describe('selectionNotes', () => {
  const proportion = { correct: 0, total: 0, value: null, low: null, high: null };
  const pseudoLabels = {
    ...{ all: proportion, selected: proportion, count: 20, agreement: 0.5 },
    ...{ threshold: 0.1, rule: 'paper 50', entropyOf: 'answers' as const },
    classes: { selected: 2, known: 2, missing: [] },
  };

  it('has none for a selection of all classes by the entropy of answers', () => {
    assert.deepEqual(selectionNotes({ pseudoLabels, withoutVector: 0 }), []);
  });

  it('tells of votes, names the classes that are missing, and counts what had no neighbours', () => {
    const classes = { selected: 2, known: 13, missing: ['a', 'b'] };
    assert.deepEqual(
      selectionNotes({
        pseudoLabels: { ...pseudoLabels, entropyOf: 'votes', classes },
        withoutVector: 3,
      }),
      [
        'No answer carries log-probabilities: the entropy of votes was taken.',
        'Nothing is selected of a, b and 9 more (2 of 13 classes).',
        'The embedding model would not take 3 examples: they have no neighbours.',
      ],
    );
  });
});

describe('markdownSummary', () => {
  it('is a table of the rounds, or nothing', () => {
    const accuracy = { vanilla: 0.5, sft: null, semievol: 0.75 };
    const round = { round: 3, accuracy, selected: 20, promoted: true, champion: 'new' };
    assert.equal(markdownSummary([]), '');
    assert.match(markdownSummary([round]), /^\| 3 \| 50\.0 % \| – \| 75\.0 % \| 20 \| new \|$/m);
  });
});

describe('tallyCells', () => {
  it('gives the shares of what is wanting, and nothing for none', () => {
    const counts = { answers: 40, unread: 10, cut: 4, withoutEntropy: 0, givenUp: 1 };
    assert.deepEqual(tallyCells({ stage: 'collaborate', collaborator: 'nearest', ...counts }), [
      ...['nearest', '40', '25.0 %', '10.0 %', '', '2.5 %'],
    ]);
    const evaluated = { stage: 'evaluate-sft' as const, collaborator: 'sft', ...counts };
    assert.equal(tallyCells(evaluated)[0], 'evaluate-sft');
  });
});
