import assert from 'node:assert/strict';
import { ApplicationFailure } from '@temporalio/common';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { failedFor } from '../support/stack.ts';
import { attempt, type Laboratory, openLaboratory, RUN } from './support.ts';

describe('the check of the models', () => {
  let laboratory: Laboratory;
  beforeEach(async () => {
    laboratory = await openLaboratory({});
  });
  afterEach(() => laboratory.close());

  it('is repeated where the list cannot be read, and fails for good where it lacks a model', async () => {
    const { activities, provider, store } = laboratory;
    const spec = (await store.specs.find(RUN))!;
    await attempt(activities.checkModels, spec);
    provider.setFaults(() => 'wrong-type');
    await assert.rejects(attempt(activities.checkModels, spec), failedFor('UnreadableAnswer'));
    provider.setFaults(undefined);
    const wrong = { ...spec, model: { ...spec.model, name: 'none' } };
    await assert.rejects(attempt(activities.checkModels, wrong), failedFor('ModelNotFound'));
  });

  it('is repeated where the worker lacks an endpoint, and asks no other meanwhile', async () => {
    const { activities, provider, store } = laboratory;
    const spec = (await store.specs.find(RUN))!;
    const elsewhere = { ...spec, embedding: { ...spec.embedding, endpoint: 'gone' } };
    await assert.rejects(attempt(activities.checkModels, elsewhere), (error: unknown) => {
      assert.ok(error instanceof ApplicationFailure);
      assert.deepEqual([error.type, error.nonRetryable], ['NoEndpoint', false]);
      assert.match(error.message, /no endpoint "gone" .*known: local.*start the worker again/);
      return true;
    });
    assert.deepEqual(provider.requests({ kind: 'probe' }), []);
  });

  it('asks in each way in which the run will: what is refused is told before anything is spent', async () => {
    const { activities, provider, store } = laboratory;
    const spec = (await store.specs.find(RUN))!;
    const [first] = spec.collaborators;
    const odd = { ...first!, name: 'odd', topP: 0.9, extraBody: { top_k: 5 } };
    const collaborators = [first!, { ...first!, name: 'brief', maxTokens: 2 }, odd];
    await attempt(activities.checkModels, { ...spec, collaborators });
    assert.deepEqual(
      provider
        .requests({ kind: 'probe' })
        .flatMap(({ body }) => (body?.messages ? [[body.top_p, body.top_k]] : [])),
      [
        [undefined, undefined],
        [0.9, 5],
      ],
    );
    const error = { message: 'extra fields not permitted', param: 'top_k' };
    provider.setFaults(({ body }) => (body?.top_k ? { status: 422, body: { error } } : undefined));
    await assert.rejects(
      attempt(activities.checkModels, { ...spec, collaborators }),
      failedFor('BadRequest'),
    );
  });
});
