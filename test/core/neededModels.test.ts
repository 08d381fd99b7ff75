import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { neededModels } from '../../core/neededModels.ts';
import { runSpec } from '../../core/registry.ts';

const needed = (more: object) =>
  neededModels(
    runSpec.parse({
      name: 'run',
      task: { type: 'classification', labels: ['animal', 'plant'] },
      data: { labelled: 'l.csv', unlabelled: 'u.csv', test: 't.csv' },
      model: { endpoint: 'home', name: 'small' },
      ...more,
    }),
  );

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
    const needs = (resolution: string) =>
      needed({ resolution, justification: { model: 'large' } }).some(
        ({ name }) => name === 'large',
      );
    const ways = ['auto', 'justify', 'vote', 'probability'];
    assert.deepEqual(ways.map(needs), [true, true, false, false]);
  });
});
