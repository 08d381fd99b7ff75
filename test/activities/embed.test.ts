import assert from 'node:assert/strict';
import { CancelledFailure } from '@temporalio/common';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { usageOf } from '../../core/usage.ts';
import { attempt, environment, type Laboratory, openLaboratory, pool, ref } from './support.ts';

const EMBEDDER = 'all-minilm-l6-v2';
const everything = { from: 0, to: 100 };

describe('embed', () => {
  let lab: Laboratory;
  /** The texts that were sent, request by request. */
  let sent: string[][];
  beforeEach(async () => {
    lab = await openLaboratory({ examples: pool('unlabelled', 100) });
    sent = [];
    lab.provider.setFaults(({ body }) => {
      sent.push(body!.input as string[]);
      return undefined;
    });
  });
  afterEach(() => lab.close());

  const embed = (from: number, to: number) =>
    attempt(lab.activities.embed, { ...ref, split: 'unlabelled' as const, range: { from, to } });
  const vectors = () => lab.store.dataset(ref.dataset).vectors(EMBEDDER, 'unlabelled', everything);
  const question = (ordinal: number) => `unlabelled question ${ordinal}`;

  it('asks only for what has no vector yet, many texts a request', async () => {
    assert.equal((await embed(10, 20)).embedded, 10);
    const { embedded, spent } = await embed(0, 100);
    // What an earlier attempt paid for in the range is part of what it has cost.
    assert.deepEqual([embedded, spent.promptTokens], [90, 300]);
    assert.equal((await embed(0, 100)).embedded, 0);
    assert.deepEqual(
      sent.map(({ length }) => length),
      [10, 64, 26],
    );
    const texts = sent.flat();
    assert.equal(new Set(texts).size, 100);
    assert.equal(texts.length, 100);
    assert.equal((await vectors()).size, 100);
    const { requests, promptTokens } = usageOf(await lab.tables.spend(1), 'embed');
    assert.deepEqual([requests, promptTokens], [3, 300]);
  });

  it('gives each example its own vector', async () => {
    await embed(0, 100);
    const { vectors: asked } = await lab.endpoints.get('local').embed(EMBEDDER, [question(77)]);
    assert.deepEqual((await vectors()).get(77), Float32Array.from(asked[0]!));
  });

  it('keeps what came before a failure', async () => {
    const error = { message: 'No.' };
    lab.provider.setFaults(({ index }) =>
      index > 1 ? { status: 400, body: { error } } : undefined,
    );
    await assert.rejects(embed(0, 100), /answered 400/);
    assert.equal((await vectors()).size, 64);
    lab.provider.setFaults(undefined);
    assert.equal((await embed(0, 100)).embedded, 36);
  });

  it('leaves out what cannot be embedded, and does not ask for it again', async () => {
    const error = { message: 'NaN' };
    const headers = { 'retry-after-ms': '1' };
    lab.provider.setFaults(({ body }) =>
      (body!.input as string[]).includes(question(7))
        ? { status: 500, headers, body: { error } }
        : undefined,
    );
    await embed(0, 20);
    const dataset = lab.store.dataset(ref.dataset);
    assert.deepEqual(await dataset.withoutVector(EMBEDDER, 'unlabelled', everything), new Set([7]));
    assert.equal((await vectors()).size, 19);
    const before = lab.provider.requests().length;
    assert.equal((await embed(0, 20)).embedded, 0);
    assert.equal(lab.provider.requests().length, before);
  });

  it('is cancelled, not failed, when a request is ended by cancellation', async () => {
    lab.provider.setFaults(() => 'hang');
    const surroundings = environment();
    const input = { ...ref, split: 'unlabelled' as const, range: everything };
    const running = surroundings.run(lab.activities.embed, input);
    await lab.provider.untilRequest();
    surroundings.cancel();
    await assert.rejects(running, CancelledFailure);
  });
});
