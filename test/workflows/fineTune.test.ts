import assert from 'node:assert/strict';
import { appendFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { after, afterEach, before, beforeEach, describe, it } from 'mocha';
import { openStore } from '../../store/store.ts';
import { startProvider } from '../support/provider/provider.ts';
import { Bench, failedFor, startTemporal } from '../support/stack.ts';
import { startFineTune, writeTrainingFile } from './support.ts';

describe('fineTune by itself', function () {
  this.timeout(60_000);
  let temporal: TestWorkflowEnvironment;
  let bench: Bench;

  before(async () => {
    temporal = await startTemporal();
  });
  after(() => temporal?.teardown());
  beforeEach(async () => {
    bench = await Bench.open(temporal, await startProvider());
  });
  afterEach(() => bench.close());

  async function execute(path: string) {
    const worker = await bench.worker();
    return worker.runUntil(async () =>
      (await startFineTune(bench, `fine-tune-${bench.folder.slice(-6)}`, path)).result(),
    );
  }

  it("supervises a job on a user's own file, down to its lineage", async () => {
    const row = { messages: [{ role: 'assistant', content: 'four' }] };
    const path = await writeTrainingFile(bench, 'own', [row, row]);
    await appendFile(path, '\n');
    const { model, jobId, rows } = await execute(path);
    assert.equal(rows, 2);
    assert.equal(bench.provider.jobs.all()[0]!.id, jobId);
    const store = await openStore(bench.config.store);
    try {
      const record = await store.models.byName(model);
      assert.equal(record?.jobId, jobId);
      assert.equal(record?.role, 'other');
    } finally {
      store.close();
    }
  });

  it('says at once that the file is not there', async () => {
    await assert.rejects(execute(join(bench.folder, 'missing.jsonl')), failedFor('DataError'));
    assert.equal(bench.provider.jobs.all().length, 0);
  });
});
