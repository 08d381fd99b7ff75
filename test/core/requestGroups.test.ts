import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { requestGroups } from '../../core/requestGroups.ts';
import type { CollaboratorSpec } from '../../core/spec.ts';
import { collaborator } from './support.ts';

const groupsOf = (...collaborators: CollaboratorSpec[]) =>
  requestGroups({ collaborators, maxTokens: 16, model: { endpoint: 'home', name: 'base' } });

describe('requestGroups', () => {
  it('joins collaborators that differ only in name and number of samples', () => {
    const groups = groupsOf(
      collaborator({ name: 'one', temperature: 1, samples: 2 }),
      collaborator({ name: 'other', skip: 3 }),
      collaborator({ name: 'two', temperature: 1 }),
    );
    assert.deepEqual(
      groups.map((group) => group.places),
      [
        [
          { collaborator: 'one', sample: 0 },
          { collaborator: 'one', sample: 1 },
          { collaborator: 'two', sample: 0 },
        ],
        [{ collaborator: 'other', sample: 0 }],
      ],
    );
    assert.deepEqual(groups[0]!.sampling, { temperature: 1, maxTokens: 16 });
  });

  it('keeps apart what makes another request', () => {
    const base = collaborator({ name: 'base' });
    for (const other of [
      { endpoint: 'elsewhere' },
      { model: 'base' },
      { system: 'Be brief.' },
      { goOnAfterMinutes: 60 },
      { shots: 2 },
      { skip: 1 },
      { order: 'nearest-first' as const },
      { temperature: 1 },
      { topP: 0.9 },
      { maxTokens: 4 },
      { extraBody: { top_k: 5 } },
    ])
      assert.equal(groupsOf(base, { ...base, ...other }).length, 2, JSON.stringify(other));
  });

  it('asks at the endpoint of the run where a collaborator names none', () => {
    const here = collaborator({ name: 'here' });
    const groups = groupsOf(here, { ...here, name: 'too', endpoint: 'home' });
    assert.deepEqual(
      groups.map(({ endpoint, places }) => [endpoint, places.length]),
      [['home', 2]],
    );
  });

  it('ignores what makes no difference to the prompt', () => {
    const bare = collaborator({ name: 'bare', shots: 0 });
    assert.equal(groupsOf(bare, { ...bare, skip: 2, order: 'nearest-first' }).length, 1);
    const single = collaborator({ name: 'single', shots: 1 });
    assert.equal(groupsOf(single, { ...single, order: 'nearest-first' }).length, 1);
  });
});
