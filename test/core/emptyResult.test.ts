import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { emptyResult, type Findings } from '../../core/emptyResult.ts';
import { builtIn, runSpec } from '../../core/registry.ts';
import type { AnswerTally } from '../../core/tally.ts';

const spec = (changes: object = {}) =>
  runSpec.parse({
    name: 'empty',
    task: { type: 'classification', labels: ['up', 'down'] },
    data: { labelled: 'l.csv', unlabelled: 'u.csv', test: 't.csv' },
    ...changes,
  });
const alone = spec({ collaborators: [{ name: 'alone' }], maxTokens: 8 });

const answers = (counts: Partial<AnswerTally> = {}): AnswerTally[] => [
  {
    ...{ stage: 'collaborate', collaborator: 'alone', answers: 40 },
    ...{ unread: 0, cut: 0, withoutEntropy: 0, givenUp: 0, away: 0, ...counts },
  },
];
const good: Findings = {
  labelled: 40,
  threshold: { cutoff: 0.1 },
  withoutScore: 0,
  selected: 20,
  steps: { kept: 20, nearDuplicates: 0 },
  classes: { selected: 2 },
  answers: answers(),
};
const unread: Findings = {
  ...good,
  labelled: 0,
  selected: 0,
  steps: { kept: 0, nearDuplicates: 0 },
};

const result = (findings: Findings, of = alone) =>
  emptyResult(findings, of, builtIn.selector(of.selection));

describe('emptyResult', () => {
  const types = (findings: Findings, of = alone) => result(findings, of)?.type;

  it('is none where there is something to train on', () => {
    assert.equal(types(good), undefined);
  });

  it('is AnswersCut where all answers are cut and most unread, with the numbers and the remedy', () => {
    const cut = { ...good, answers: answers({ cut: 40, unread: 37 }) };
    const { type, message } = result(cut)!;
    assert.equal(type, 'AnswersCut');
    assert.match(message, /all 40 answers .* at 8 tokens, and only 3 can be read: raise maxTokens/);
    assert.equal(types({ ...unread, answers: answers({ cut: 40, unread: 40 }) }), 'AnswersCut');
    const collaborators = [{ name: 'alone' }, { name: 'brief', maxTokens: 2 }];
    const { message: both } = result(cut, spec({ collaborators, maxTokens: 8 }))!;
    assert.match(both, /at 8 or 2 tokens/);
  });

  it('is AnswersCut of the models, whatever others say, who are voters as they are', () => {
    const collaborators = [{ name: 'alone' }, { type: 'neighbours', name: 'vote' }];
    const both = spec({ collaborators, maxTokens: 8 });
    const [vote] = answers({ collaborator: 'vote', withoutEntropy: 40 });
    const cut = [...answers({ cut: 40, unread: 40 }), vote!];
    assert.equal(types({ ...good, answers: cut }, both), 'AnswersCut');
    const silent = [...answers({ withoutEntropy: 40 }), vote!];
    assert.equal(types({ ...good, answers: silent }, both), undefined);
    const one = spec({ collaborators: collaborators.slice(1) });
    assert.equal(types({ ...good, answers: [vote!] }, one), 'NoEntropy');
  });

  it('takes what is cut and read all the same for answers: a letter needs one token', () => {
    assert.equal(types({ ...good, answers: answers({ cut: 40 }) }), undefined);
    assert.equal(types({ ...good, answers: answers({ cut: 39, unread: 39 }) }), undefined);
  });

  it('is NothingRead where no example has an answer', () => {
    const nothing = { ...unread, answers: answers({ unread: 40, cut: 3, givenUp: 5 }) };
    const { type, message } = result(nothing)!;
    assert.equal(type, 'NothingRead');
    assert.match(message, /40 answers of the collaborators \(3 cut off at 8 tokens, 5 given up\)/);
  });

  it('is NoEntropy where neither answers nor votes tell the sure from the unsure', () => {
    const silent = { ...good, answers: answers({ withoutEntropy: 38, givenUp: 2, unread: 2 }) };
    assert.equal(types(silent), 'NoEntropy');
    assert.equal(types(silent, spec()), undefined, 'four collaborators have votes');
    const samples = spec({ collaborators: [{ name: 'alone', samples: 3, temperature: 1 }] });
    assert.equal(types(silent, samples), undefined, 'so have three samples');
    assert.equal(types({ ...good, answers: answers({ withoutEntropy: 39 }) }), undefined);
  });

  it('is NothingSelected where the rule keeps none', () => {
    const none = {
      ...good,
      threshold: { cutoff: null },
      selected: 0,
      steps: { kept: 0, nearDuplicates: 0 },
      classes: { selected: 0 },
    };
    const { type, message } = result(none)!;
    assert.equal(type, 'NothingSelected');
    assert.match(
      message,
      /none of 40 pseudo-labels .* rule paper 50 \(nothing by entropy\): raise selection\.percentile/,
    );
  });

  it('is NothingSelected where the balance leaves none of what the rule keeps', () => {
    const { type, message } = result({ ...good, selected: 0 })!;
    assert.equal(type, 'NothingSelected');
    assert.match(message, /the rule keeps 20 of 40 .* selection\.balance leaves none/);
  });

  it('is TooFewSelected where not so many can be selected as are wanted exactly', () => {
    const wanted = spec({ selection: { rule: 'paper', exactly: 30, balance: 'cap' } });
    const steps = { kept: 20, nearDuplicates: 3 };
    const { type, message } = result({ ...good, selected: 25, withoutScore: 2, steps }, wanted)!;
    assert.equal(type, 'TooFewSelected');
    assert.match(
      message,
      /exactly wants 30, and only 25 can be selected: 38 pseudo-labels have a score, 3 are near duplicates, the others would tip the balance\. Lower it/,
    );
    assert.equal(result({ ...good, selected: 30 }, wanted), undefined);
  });

  it('is OneClass where one is all that is selected, unless that may be chance', () => {
    const classes = { selected: 1 };
    assert.equal(types({ ...good, classes }), 'OneClass');
    assert.equal(types({ ...good, classes, selected: 3 }), undefined);
  });
});
