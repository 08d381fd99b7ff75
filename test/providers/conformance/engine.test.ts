import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Fastify from 'fastify';
import { AliasStore } from '../../../engine/aliases.ts';
import { Catalog } from '../../../engine/catalog.ts';
import { FileStore, fileRoutes } from '../../../engine/files.ts';
import { jobRoutes } from '../../../engine/jobRoutes.ts';
import { isFinal, type JobStatus, JobStore, modelName } from '../../../engine/jobs.ts';
import { BUILT_IN } from '../../../engine/models.ts';
import { ModelPool } from '../../../engine/pool.ts';
import { Trainer } from '../../../engine/trainer.ts';
import type { JobState } from '../../../providers/jobState.ts';
import { Trainers } from '../../../providers/trainers/index.ts';
import { endpointAt, MODEL } from '../support.ts';
import { itConforms } from './itConforms.ts';
import { openFront } from './lossyFront.ts';

/** The engine's own, but its jobs do not run: the test says what becomes of them. */
class HeldTrainer extends Trainer {
  readonly #jobs: JobStore;

  constructor(jobs: JobStore, files: FileStore, catalog: Catalog) {
    super({
      jobs,
      files,
      catalog,
      pool: new ModelPool(0, () => assert.fail('a job runs')),
      log: () => {},
    });
    this.#jobs = jobs;
  }

  override async enqueue(id: string): Promise<void> {
    await this.#jobs.update(id, { status: 'queued' });
  }
}

itConforms('the wire of the embedded engine', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'semievol-engine-'));
  const files = await FileStore.open(join(folder, 'files'));
  const jobs = await JobStore.open(join(folder, 'jobs'));
  const aliases = await AliasStore.open(join(folder, 'aliases'));
  const app = Fastify();
  await app.register(
    async (v1) => {
      fileRoutes(v1, files);
      const catalog = new Catalog(jobs, aliases, [BUILT_IN]);
      jobRoutes(v1, { jobs, files, catalog, trainer: new HeldTrainer(jobs, files, catalog) });
    },
    { prefix: '/v1' },
  );
  const front = await openFront(await app.listen({ host: '127.0.0.1', port: 0 }));
  const statuses: Record<string, JobState> = {
    ...{ validating_files: 'pending', queued: 'pending', running: 'running' },
    ...{ succeeded: 'succeeded', failed: 'failed', cancelled: 'cancelled' },
  };
  const error = { code: 'training_failed', message: 'The trainer ended.', param: null };
  return {
    trainer: () => new Trainers().of(endpointAt({ baseURL: `${front.address}/v1` })),
    ...{ spec: { type: 'openai' }, base: MODEL, statuses },
    jobs: () => jobs.list().map(({ id, status }) => ({ id, isGoing: !isFinal(status) })),
    files: () => files.list().length,
    async become(id, status) {
      await jobs.update(id, {
        status: status as JobStatus,
        ...(status === 'succeeded' && { fine_tuned_model: modelName(jobs.get(id)) }),
        ...(status === 'failed' && { error }),
      });
    },
    lose: front.lose,
    async close() {
      await front.close();
      await app.close();
      await rm(folder, { recursive: true });
    },
  };
});
