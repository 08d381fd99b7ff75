import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { neededModels } from '../../core/neededModels.ts';
import { builtIn, runSpec } from '../../core/registry.ts';

const needed = (more: object) => {
  const spec = runSpec.parse({
    name: 'run',
    task: { type: 'classification', labels: ['animal', 'plant'] },
    data: { labelled: 'l.csv', unlabelled: 'u.csv', test: 't.csv' },
    model: { endpoint: 'home', name: 'small' },
    ...more,
  });
  return neededModels(spec, builtIn.task(spec.task));
};

describe('neededModels', () => {
  it('takes a model of one name at two endpoints for two', () => {
    const collaborators = [
      { name: 'tuned', shots: 0 },
      { name: 'as-it-is', shots: 0, model: 'base' },
      { name: 'hosted', shots: 0, endpoint: 'cloud', model: 'small' },
      { name: 'warm', shots: 0, endpoint: 'cloud', model: 'small', temperature: 1 },
    ];
    const justification = { endpoint: 'cloud', model: 'large' };
    assert.deepEqual(
      needed({ collaborators, justification }).map((model) => [
        ...[model.endpoint, model.name],
        ...(model.kind === 'chat' ? model.samplings.map(({ temperature }) => temperature) : []),
      ]),
      [
        ['home', 'small', 0],
        ['cloud', 'small', 0, 1],
        ['cloud', 'large', 0],
      ],
    );
  });

  it('needs who justifies only where answers may be justified', () => {
    const needs = (more: object) => (resolution: string) =>
      needed({ resolution, justification: { model: 'large' }, ...more }).some(
        ({ name }) => name === 'large',
      );
    const ways = ['auto', 'justify', 'vote', 'probability'];
    assert.deepEqual(ways.map(needs({})), [true, true, false, false]);
    const judged = { task: { type: 'free-form', answers: 'long' }, judge: { model: 'wise' } };
    assert.deepEqual(ways.map(needs(judged)), [false, true, false, false]);
    const alone = { collaborators: [{ name: 'alone' }] };
    assert.deepEqual(ways.map(needs(alone)), [false, true, false, false]);
  });

  it('needs the embedding model for near duplicates, also without retrieval', () => {
    const collaborators = [{ name: 'alone', shots: 0 }];
    const kinds = (fields: object) =>
      needed({ collaborators, selection: { rule: 'paper', ...fields } }).map(({ kind }) => kind);
    assert.ok(!kinds({}).includes('embedding'));
    assert.ok(kinds({ nearDuplicates: 0.9 }).includes('embedding'));
  });

  it('needs the judge, and for agreement by embedding the embedding model also without retrieval', () => {
    const none = { collaborators: [{ name: 'alone', shots: 0 }], resolution: 'vote' };
    const names = (more: object) => needed({ ...none, ...more }).map(({ name }) => name);
    assert.deepEqual(names({}), ['small']);
    assert.deepEqual(
      names({ task: { type: 'free-form', answers: 'long' }, judge: { model: 'wise' } }),
      ['small', 'wise'],
    );
    assert.deepEqual(names({ task: { type: 'free-form', agreement: 'embedding' } }), [
      'small',
      'all-minilm-l6-v2',
    ]);
  });
});
