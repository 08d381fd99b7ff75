import assert from 'node:assert/strict';
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
});
