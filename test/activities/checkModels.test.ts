import assert from 'node:assert/strict';
import { ApplicationFailure } from '@temporalio/common';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { failedFor } from '../support/stack.ts';
import {
  anotherWorker,
  attempt,
  type Laboratory,
  MODEL,
  models,
  openLaboratory,
  RUN,
  ref,
} from './support.ts';

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
        .flatMap(({ body }) => (body?.max_tokens === 1 ? [[body.top_p, body.top_k]] : [])),
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

  describe('finds out what models are capable of,', () => {
    const questions = () =>
      laboratory.provider
        .requests({ kind: 'probe' })
        .filter(({ body }) => String(body?.max_tokens) !== '1' && body?.messages);
    it('once for all runs of a store, and anew in another way of asking', async () => {
      const { activities, store } = laboratory;
      const spec = (await store.specs.find(RUN))!;
      await attempt(activities.checkModels, spec);
      const once = questions().length;
      assert.ok(once > 10 && once < 20);
      const [known, ...more] = await store.capabilities.list();
      assert.deepEqual([known!.model, known!.isWhole, more], [spec.model.name, true, []]);
      await attempt(activities.checkModels, spec);
      assert.equal(questions().length, once);
      const evaluation = { ...spec.evaluation, reasoningEffort: 'low' as const };
      await attempt(activities.checkModels, { ...spec, evaluation });
      assert.equal(questions().length, 2 * once);
      assert.equal((await store.capabilities.list()).length, 2);
    });

    it('again where something was not answered, and starts all the same', async () => {
      const { activities, store, provider } = laboratory;
      const spec = (await store.specs.find(RUN))!;
      const isDrawing = ({ body }: { body?: { n?: number } }) =>
        body?.n === 2 && 'temperature' in body && !('seed' in body);
      provider.setFaults((request) => (isDrawing(request as never) ? { status: 418 } : undefined));
      await attempt(activities.checkModels, spec);
      const [partly] = await store.capabilities.list();
      assert.deepEqual([partly!.isWhole, partly!.findings.n.verdict], [false, 'unknown']);
      provider.setFaults(undefined);
      await attempt(activities.checkModels, spec);
      const [known] = await store.capabilities.list();
      assert.deepEqual([known!.isWhole, known!.findings.n.verdict], [true, 'supported']);
    });

    it('and every worker goes by it, for tuned models too', async () => {
      await laboratory.close();
      laboratory = await openLaboratory({
        spec: { collaborators: [{ name: 'alone', shots: 0, samples: 2, temperature: 1 }] },
        provider: { models: [MODEL, 'all-minilm-l6-v2', 'tuned'] },
      });
      const { activities, store, provider, endpoints, tables } = laboratory;
      const spec = (await store.specs.find(RUN))!;
      provider.setQuirks(['lie-logprobs-zero', 'lie-n-copies', 'lie-system']);
      await attempt(activities.checkModels, spec);
      assert.deepEqual([...endpoints.get('local').refused(MODEL)], ['logprobs', 'n', 'system']);

      const another = anotherWorker(laboratory);
      const range = { from: 0, to: 4 };
      const roles = { ...models, 'warm-up': 'tuned' };
      await attempt(another.collaborate, {
        ...{ ...ref, pass: 'propagate', range, models: roles, endpoint: 'local' },
      });
      const answers = await tables.answers({ round: 1, stage: 'collaborate', range });
      assert.equal(answers.length, 8);
      for (const { model, entropy } of answers) assert.deepEqual([model, entropy], ['tuned', null]);
      const asked = provider.requests({ kind: 'chat' });
      assert.equal(asked.length, 8, 'a request for each sample');
      for (const { body } of asked) {
        assert.equal(body.logprobs, undefined);
        assert.ok(body.messages.every(({ role }) => role !== 'system'));
      }
    });
  });
});
