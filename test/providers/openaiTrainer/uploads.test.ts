import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { describe, it } from 'mocha';
import { endpointAt, failure } from '../support.ts';
import { row, useTrainerBench } from './support.ts';

describe('the trainer over the wire of OpenAI uploads', () => {
  const bench = useTrainerBench();

  it('a content once, whole, and finds it again', async () => {
    const file = await bench.trainingFile(row('plant') + row('Öl\u2028食べ物'));
    const id = await bench.upload(file);
    assert.equal(await bench.upload(file), id);
    assert.equal(await bench.upload(file, bench.another()), id, 'another worker finds it, too');
    assert.equal(bench.provider.requests({ kind: 'upload' }).length, 1);
    const content = await endpointAt(bench.provider).client.files.content(id);
    const hash = createHash('sha256').update(await content.text());
    assert.equal(hash.digest('hex'), file.sha256);

    assert.notEqual(await bench.upload(await bench.trainingFile(row('food'))), id);
    assert.equal(bench.provider.requests({ kind: 'upload' }).length, 2);
  });

  it('again what was cut off before it arrived, and finds what was cut off after', async () => {
    const file = await bench.trainingFile();
    for (const fault of ['cut-before', 'cut-after'] as const) {
      bench.provider.setFaults(({ method }) => (method === 'POST' ? fault : undefined));
      await assert.rejects(bench.upload(file), failure('Unreachable', { retried: true }));
    }
    bench.provider.setFaults(undefined);
    await bench.upload(file);
    assert.equal(
      bench.provider.requests({ kind: 'upload' }).length,
      2,
      'one attempt each, and none for the third',
    );
  });

  it('nothing for as long as the list of files cannot be read', async () => {
    const file = await bench.trainingFile();
    const unread = failure('UnreadableAnswer', { retried: true });
    bench.provider.setFaults(({ method }) => (method === 'GET' ? 'wrong-type' : undefined));
    await assert.rejects(bench.upload(file), unread);
    assert.equal(bench.provider.requests({ kind: 'upload' }).length, 0);
    bench.provider.setFaults(({ method }) => (method === 'POST' ? 'wrong-type' : undefined));
    await assert.rejects(bench.upload(file), unread);
    bench.provider.setFaults(undefined);
    await bench.upload(file);
    assert.equal(bench.provider.requests({ kind: 'upload' }).length, 1);
  });

  it('anew what the provider could not use', async () => {
    const file = await bench.trainingFile();
    const first = await bench.upload(file);
    const { data } = await endpointAt(bench.provider).client.files.list();
    const body = { object: 'list', data: [{ ...data[0], status: 'error' }], has_more: false };
    bench.provider.setFaults(({ method }) =>
      method === 'GET' ? { status: 200, body } : undefined,
    );
    assert.notEqual(await bench.upload(file), first);
  });

  it('for longer than other requests may take', async () => {
    const impatient = bench.another({ requestTimeoutSeconds: 0.5 });
    bench.provider.setFaults(({ method }) => (method === 'POST' ? { slowMs: 1_000 } : undefined));
    await bench.upload(await bench.trainingFile(), impatient);
    assert.equal(bench.provider.requests({ kind: 'upload' }).length, 1);
  });
});
