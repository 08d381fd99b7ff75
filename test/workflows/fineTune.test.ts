import assert from 'node:assert/strict';
import { appendFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it } from 'mocha';
import { openStore } from '../../store/store.ts';
import { failedFor } from '../support/stack.ts';
import { useBench } from '../support/suite.ts';
import { JOBS, jobOf, startFineTune, writeTrainingFile } from './support.ts';

describe('fineTune by itself', () => {
  const bench = useBench('test');

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

  const body = { error: { message: 'Row 1, "Two and two?", is odd.' } };
  for (const [when, ...said] of [
    ['is refused, after an error that passes', { status: 500, body }, { status: 400, body }],
    ['fails'],
  ] as const)
    it(`tells why a job ${when}, without what is quoted of the file`, async () => {
      const name = `quoted-${said.length}`;
      const path = await writeTrainingFile(bench, 'quoted');
      const faults = [...said];
      bench.provider.setFaults(({ method, path }) =>
        method === 'POST' && path === JOBS
          ? faults.length > 1
            ? faults.shift()
            : faults[0]
          : undefined,
      );
      bench.provider.jobs.hold();
      const worker = await bench.worker();
      await worker.runUntil(async () => {
        const handle = await startFineTune(bench, name, path);
        if (said.length === 0) {
          const { id } = await jobOf(bench, name);
          const error = { code: 'x', message: 'Row 1, "TWO AND TWO?", is odd.', param: null };
          bench.provider.jobs.finish(id, { status: 'failed', error });
        }
        await assert.rejects(
          handle.result(),
          failedFor(said.length > 0 ? 'BadRequest' : 'JobFailed'),
        );
        const { events } = await handle.fetchHistory();
        const { failure } = events!.at(-1)!.workflowExecutionFailedEventAttributes!;
        assert.doesNotMatch(JSON.stringify(events), /two and two/i);
        assert.match(failure!.cause!.message!, /Row 1, "…", is odd\./);
      });
    });

  it('says at once that the file is not there', async () => {
    await assert.rejects(execute(join(bench.folder, 'missing.jsonl')), failedFor('DataError'));
    assert.equal(bench.provider.jobs.all().length, 0);
  });
});
