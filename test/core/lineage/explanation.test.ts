import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import type { Explanation, SelectedRow } from '../../../core/lineage/explanation.ts';
import { explanationSections } from '../../../core/report/explanation.ts';
import { markdown } from '../../../core/report/markdown.ts';

const model: Explanation['model'] = {
  ...{ name: 'new', run: 'tickets', round: 2, role: 'semievol', endpoint: 'local', base: 'base' },
  ...{ dataset: 'd1', trainingFileSha256: 'f', trainingRows: 1_200, jobKey: 'k', jobId: 'j' },
  createdAt: '2026-01-02',
};

const selected: SelectedRow = {
  ...{ from: 'selected', place: 'earlier/7', round: 1, score: 0.25, weight: 2 },
  example: {
    id: 'e',
    split: 'unlabelled',
    ordinal: 7,
    question: 'what? '.repeat(100),
    answer: 'b',
  },
  label: {
    ...{ round: 1, ordinal: 7, exampleId: 'e', label: 'a', agreed: false, entropy: null },
    ...{ probability: 0.5, neighbours: null, votes: 3, collaborators: 4, response: null },
  },
  ...{ answers: [], neighbours: [] },
};

const textOf = (rows: Explanation['rows']) =>
  markdown(explanationSections({ model, descent: [{ name: 'base' }], rows }));

describe('what a model has learned, for people', () => {
  it('says how an example was labelled, also where answers are no longer kept', () => {
    const text = textOf({ labelledTimes: 1, page: [selected], next: null });
    assert.match(text, /semievol of round 2 of run "tickets".*1,200 rows of data set d1/);
    assert.match(text, /## earlier\/7\n\n(what\? )+.{0,6}…\n/);
    assert.match(
      text,
      /Round 1 has labelled it: a \(3 of 4 for it; score 0\.250; probability 0\.500; 2 times/,
    );
    assert.match(text, /answer, which nobody has seen: b\./);
    assert.match(text, /What was answered is no longer kept/);
  });

  it('says how often an example of people stands in the file, and why rows are not known', () => {
    const example = { id: 'e', split: 'labelled' as const, ordinal: 0, question: 'q', answer: 'a' };
    const row = { from: 'labelled' as const, place: 'labelled/0', example };
    const text = textOf({ labelledTimes: 3, page: [row], next: null });
    assert.match(text, /People have answered: a\. It stands in the file 3 times\./);
    assert.match(textOf({ lacking: 'it is older' }), /Its rows are not known: it is older\./);
  });
});
