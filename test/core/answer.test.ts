import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { answerKey } from '../../core/answer.ts';

describe('answerKey', () => {
  it('names all that tells answers apart', () => {
    const answer = { round: 1, stage: 'collaborate', exampleId: 'ab', sample: 2 } as const;
    assert.equal(answerKey({ ...answer, collaborator: 'no-shots' }), '1/collaborate/ab/no-shots/2');
  });
});
