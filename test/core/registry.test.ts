import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { builtIn, clashesIn, Registry, runSpec } from '../../core/registry.ts';
import { RankedScores } from '../../core/selection/rankedScores.ts';
import type { RunSpec } from '../../core/spec.ts';
import { dissent } from '../extensions/own/dissent.ts';
import { rating } from '../extensions/own/rating.ts';
import { surest } from '../extensions/own/surest.ts';

const data = { labelled: 'l.csv', unlabelled: 'u.csv', test: 't.csv' };
const own = new Registry({ tasks: [rating], rules: [surest], scores: [dissent] });

describe('a registry', () => {
  it('fills in the defaults of an extension, and of what is added to its rule', () => {
    const spec = { name: 'a', task: { type: 'rating' }, data, selection: { rule: 'surest' } };
    const { task, selection } = own.runSpec.parse(spec);
    assert.deepEqual(task, { type: 'rating', instruction: 'Rate the text.', tolerance: 0 });
    const ofAny = { balance: 'none', confidentWeight: 1, share: 0.3 };
    assert.deepEqual(selection, { rule: 'surest', number: 1_000, score: 'entropy', ...ofAny });
    const byOwn = { ...spec, task: { type: 'multiple-choice' }, selection: { score: 'dissent' } };
    assert.match(String(own.runSpec.safeParse(byOwn).error), /selection/, 'a score needs a rule');
    assert.throws(() => runSpec.parse(spec), /"multiple-choice"/);
  });

  it('prepares the task of a spec once', () => {
    const spec = { type: 'classification', labels: ['up', 'down'] };
    assert.equal(builtIn.task(spec), builtIn.task(spec));
    assert.notEqual(builtIn.task(spec), builtIn.task({ ...spec }));
    assert.throws(() => builtIn.task({ type: 'classification' }), /labels/);
  });

  it('reads a spec again that was stored before there were scores', () => {
    const spec = runSpec.parse({ name: 'a', task: { type: 'multiple-choice' }, data });
    const { score: _, ...selection } = spec.selection;
    const old = { ...spec, selection } as RunSpec;
    assert.deepEqual(builtIn.readAgain(old).data, spec);
    assert.equal(builtIn.readAgain(old), builtIn.readAgain(old));
  });

  it('wants a judge where the task asks one, and nowhere else', () => {
    const problems = (more: object) =>
      runSpec
        .safeParse({ name: 'a', data, ...more })
        .error?.issues.map(({ path, message }) => `${path.join('.')}: ${message.split(':')[0]}`);
    const long = { type: 'free-form', answers: 'long', agreement: 'text' };
    const judge = { model: 'wise' };
    assert.deepEqual(problems({ task: long }), ['judge: the task wants a judge']);
    assert.deepEqual(problems({ task: { type: 'free-form', agreement: 'judge' } }), [
      'judge: the task wants a judge',
    ]);
    assert.equal(problems({ task: long, judge }), undefined);
    assert.deepEqual(problems({ task: { type: 'free-form' }, judge }), [
      'judge: the task asks no judge',
    ]);
    assert.deepEqual(problems({ task: long, judge: { model: 'warm-up' } }), [
      'judge.model: "warm-up" is another model in each round, and a judge has to stay the same',
    ]);
  });

  it('names what has the name of another', () => {
    assert.deepEqual(clashesIn('scores', ['entropy'], ['mine', 'entropy', 'yours', 'mine']), [
      { path: ['scores', 1], message: '"entropy" is the name of what is built in: give another' },
      { path: ['scores', 3], message: '"mine" is the name of scores[0]: give another' },
    ]);
  });

  it('says which score or rule of a user goes wrong, where it would pass unseen', () => {
    const row = {
      label: 'a',
      agreed: true,
      entropy: 0.5,
      probability: 0.5,
      neighbours: null,
      votes: 0,
      collaborators: 0,
    };
    const broken = new Registry({
      scores: [{ ...dissent, of: ({ votes, collaborators }) => votes / collaborators }],
      rules: [
        {
          ...surest,
          create: (spec) => ({
            ...surest.create(spec as never),
            threshold: () => ({ cutoff: Number.POSITIVE_INFINITY }),
          }),
        },
      ],
    });
    const scored = broken.selector({ rule: 'paper', score: 'dissent' });
    assert.throws(() => scored.ranked(row), /the score "dissent" is not a number/);
    const ruled = broken.selector({ rule: 'surest', score: 'entropy' });
    assert.throws(
      () => ruled.threshold(new RankedScores(0)),
      /no plain JSON: surest 1000 \(entropy/,
    );
  });
});
