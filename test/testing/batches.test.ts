import assert from 'node:assert/strict';
import { afterEach, describe, it } from 'mocha';
import type OpenAI from 'openai';
import type { BatchState } from '../../testing/batches.ts';
import type { Provider } from '../../testing/provider.ts';
import { lookUntil } from '../support/lookUntil.ts';
import { ask, EMBEDDER, MODEL, questions, startBoth, status, upload } from './client.ts';

const CHAT = '/v1/chat/completions';

interface OutputLine {
  custom_id: string;
  response: { status_code: number; body: OpenAI.ChatCompletion } | null;
  error: { code: string } | null;
}

describe('batches of the stand-in provider', () => {
  let provider: Provider;
  let client: OpenAI;
  afterEach(() => provider.close());

  async function start(batchScript?: BatchState[]): Promise<void> {
    ({ provider, client } = await startBoth({ batchScript }));
  }
  const line = (custom_id: string, body: object, url = CHAT) =>
    JSON.stringify({ custom_id, method: 'POST', url, body });
  const chatLines = (count: number, model = MODEL) =>
    questions(0, count).map((question) => line(question, { model, messages: ask(question) }));
  const create = async (lines: string[], more: object = {}) =>
    client.batches.create({
      input_file_id: (await upload(client, lines.join('\n'), 'batch')).id,
      endpoint: CHAT,
      completion_window: '24h',
      ...more,
    });
  /** Looks at a batch until its status is one of these. */
  async function until(id: string, ...statuses: string[]): Promise<OpenAI.Batch> {
    return lookUntil(
      () => client.batches.retrieve(id),
      ({ status }) => statuses.includes(status),
    );
  }
  async function output(fileId: string | undefined): Promise<OutputLine[]> {
    if (!fileId) return [];
    const text = await (await client.files.content(fileId)).text();
    return text
      .trimEnd()
      .split('\n')
      .map((one) => JSON.parse(one));
  }

  it('walk through their states, and answer in an order of their own', async () => {
    await start();
    const batch = await create(chatLines(12), { metadata: { key: 'a' } });
    const seen: string[] = [batch.status];
    for (let one = batch; one.status !== 'completed'; seen.push(one.status))
      one = await client.batches.retrieve(batch.id);
    assert.deepEqual(seen, ['validating', 'in_progress', 'finalizing', 'completed']);
    const done = await client.batches.retrieve(batch.id);
    assert.deepEqual(done.request_counts, { total: 12, completed: 12, failed: 0 });
    assert.ok(done.completed_at! >= done.in_progress_at!);
    assert.deepEqual(done.metadata, { key: 'a' });
    assert.equal(done.error_file_id, undefined);
    const lines = await output(done.output_file_id);
    const ids = lines.map((one) => one.custom_id);
    assert.notDeepEqual(ids, questions(0, 12));
    assert.deepEqual(ids.toSorted(), questions(0, 12).toSorted());
    const [first] = lines;
    const direct = await client.chat.completions.create({
      model: MODEL,
      messages: ask(first!.custom_id),
    });
    assert.deepEqual(first!.response!.body.choices, direct.choices);
  });

  it('embed, too', async () => {
    await start();
    const endpoint = '/v1/embeddings';
    const request = line('a', { model: EMBEDDER, input: 'a word' }, endpoint);
    const { id } = await create([request], { endpoint });
    const [answer] = await output((await until(id, 'completed')).output_file_id);
    assert.equal(answer!.response!.status_code, 200);
  });

  it('put what was refused into the error file', async () => {
    await start();
    const wrong = line('odd', { model: MODEL, messages: [] });
    const { id } = await create([...chatLines(3), wrong]);
    const batch = await until(id, 'completed');
    assert.deepEqual(batch.request_counts, { total: 4, completed: 3, failed: 1 });
    const errors = await output(batch.error_file_id);
    assert.deepEqual(
      errors.map((one) => [one.custom_id, one.response!.status_code]),
      [['odd', 400]],
    );
  });

  it('that expire say which requests were not answered', async () => {
    const request_counts = { total: 10, completed: 3, failed: 0 };
    await start(['validating', 'in_progress', { status: 'expired', request_counts }]);
    const { id } = await create(chatLines(10));
    const batch = await until(id, 'expired');
    assert.ok(batch.expired_at);
    const answered = await output(batch.output_file_id);
    const expired = await output(batch.error_file_id);
    assert.deepEqual([answered.length, expired.length], [3, 7]);
    assert.ok(expired.every((one) => one.response === null && one.error!.code === 'batch_expired'));
  });

  it('that fail or are cancelled leave partial output, and no word on the rest', async () => {
    await start(['in_progress', 'failed']);
    const failed = await until((await create(chatLines(10))).id, 'failed');
    assert.equal((await output(failed.output_file_id)).length, 5);
    assert.equal(failed.error_file_id, undefined);

    const { id } = await create(chatLines(8));
    assert.equal((await client.batches.cancel(id)).status, 'cancelling');
    const cancelled = await client.batches.retrieve(id);
    assert.equal(cancelled.status, 'cancelled');
    assert.ok(cancelled.cancelled_at);
    assert.equal((await output(cancelled.output_file_id)).length, 4);
    await assert.rejects(client.batches.cancel(id), status(400));
  });

  it('fail for an input that is none', async () => {
    await start();
    const [right] = chatLines(1) as [string];
    const inputs: [string, string[]][] = [
      ['invalid_json_line', ['{']],
      ['duplicate_custom_id', [right, right]],
      ['url_mismatch', [line('a', {}, '/v1/embeddings')]],
      ['model_mismatch', [right, line('a', { model: 'another' })]],
      ['empty_file', ['\n']],
    ];
    for (const [code, lines] of inputs) {
      const batch = await until((await create(lines)).id, 'failed');
      assert.equal(batch.errors!.data![0]!.code, code);
      assert.equal(batch.output_file_id, undefined);
    }
    assert.equal((await create([right, right])).status, 'validating');
  });

  it('are refused for what is no file of requests', async () => {
    await start();
    const wrongPurpose = (await upload(client, chatLines(1)[0]!)).id;
    await assert.rejects(create(chatLines(1), { input_file_id: wrongPurpose }), status(400));
    await assert.rejects(create(chatLines(1), { input_file_id: 'none' }), status(400));
    await assert.rejects(create(chatLines(1), { endpoint: '/v1/none' }), status(400));
  });

  it('are listed newest first, page by page', async () => {
    await start();
    const ids = [];
    for (const count of [1, 2, 3]) ids.push((await create(chatLines(count))).id);
    const listed = [];
    for await (const batch of client.batches.list({ limit: 1 })) listed.push(batch.id);
    assert.deepEqual(listed, ids.toReversed());
  });
});
