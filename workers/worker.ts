import { Worker } from '@temporalio/worker';
import type { Config } from '../config/config.ts';
import { openStore } from '../store/store.ts';
import { connectWorker } from './connection.ts';
import { SemiEvolPlugin } from './plugin.ts';

/**
 * A worker that does nothing but SemiEvol, on the configured task queue.
 * @throws TemporalUnreachable, TemporalRefused, StoreError
 */
export async function createWorker(config: Config): Promise<Worker> {
  // The plugin opens it when the worker runs; what is wrong with it is to be told before that.
  const { uri, options } = config.store;
  (await openStore({ uri, storageOptions: options })).close();
  const { connection, namespace } = await connectWorker(config);
  return Worker.create({
    connection,
    namespace,
    taskQueue: config.temporal.taskQueue,
    plugins: [new SemiEvolPlugin(config)],
  });
}
