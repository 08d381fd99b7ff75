import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { neighboursNeeded, shotsFor } from '../../core/shots.ts';
import type { CollaboratorSpec, ModelCollaborator } from '../../core/spec.ts';
import type { Shot } from '../../core/types.ts';
import { collaborator } from './support.ts';

describe('shotsFor', () => {
  const neighbours = ['a', 'b', 'c', 'd'].map((id): Shot => ({ id, question: id, answer: 'x' }));
  const ids = (fields: Partial<ModelCollaborator>) =>
    shotsFor(collaborator({ name: 'c', ...fields }), neighbours)
      .map((shot) => shot.id)
      .join('');

  it('takes, skips and orders', () => {
    assert.equal(ids({}), 'cba');
    assert.equal(ids({ order: 'nearest-first' }), 'abc');
    assert.equal(ids({ skip: 2 }), 'dc');
    assert.equal(ids({ shots: 0 }), '');
    assert.equal(neighbours[0]!.id, 'a');
  });
});

describe('neighboursNeeded', () => {
  const evaluation = { confidence: 0.95, sft: 'both' as const, temperature: 0 };

  it('is as far as any collaborator looks, or the base model that is graded so', () => {
    const bare = collaborator({ name: 'bare', shots: 0, skip: 9 });
    const needed = (...collaborators: CollaboratorSpec[]) =>
      neighboursNeeded({ collaborators, evaluation });
    assert.equal(needed(bare, collaborator({ name: 'far', skip: 2 })), 5);
    assert.equal(needed(bare), 0);
    assert.equal(needed(bare, { type: 'neighbours', name: 'vote', neighbours: 7 }), 7);
    assert.equal(needed({ type: 'keywords', name: 'words' }), 0);
    const rag = { shots: 4, mode: 'bm25' as const };
    const graded = { collaborators: [bare], evaluation: { ...evaluation, rag } };
    assert.equal(neighboursNeeded(graded), 4);
  });
});
