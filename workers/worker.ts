import { Worker } from '@temporalio/worker';
import type { Config } from './config.ts';
import { SemiEvolPlugin } from './plugin.ts';
import { connectWorker } from './temporal.ts';

/**
 * A worker that does nothing but SemiEvol, on the configured task queue.
 * @throws TemporalUnreachable, StoreError
 */
export async function createWorker(config: Config): Promise<Worker> {
  const { connection, namespace } = await connectWorker(config);
  return Worker.create({
    connection,
    namespace,
    taskQueue: config.temporal.taskQueue,
    plugins: [new SemiEvolPlugin(config)],
  });
}
