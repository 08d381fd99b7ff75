import { extname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { SimplePlugin } from '@temporalio/plugin';
import type { WorkerOptions } from '@temporalio/worker';
import { createActivities } from '../activities/index.ts';
import { Endpoints } from '../providers/endpoint.ts';
import { openStore, type Store } from '../store/store.ts';
import type { Config } from './config.ts';
import { deploymentOptions } from './deployment.ts';

/** Our workflows; the ending is that of this very file, .ts in the sources and .js when built. */
export const workflowsPath = fileURLToPath(
  new URL(`../workflows/index${extname(import.meta.url)}`, import.meta.url),
);

/**
 * Adds SemiEvol to a Temporal worker: its activities, its workflows (unless the worker has a
 * `workflowsPath` of its own, which then re-exports `semievol/workflows`), and defaults for tuning.
 * The store is closed when the worker has stopped.
 *
 * ```ts
 * const worker = await Worker.create({ taskQueue, plugins: [await SemiEvolPlugin.connect(config)] });
 * ```
 */
export class SemiEvolPlugin extends SimplePlugin {
  readonly #worker: Config['worker'];

  /** Opens the store. @throws StoreError when it cannot be written to */
  static async connect(config: Config): Promise<SemiEvolPlugin> {
    const { uri, options } = config.store;
    return new SemiEvolPlugin(config, await openStore({ uri, storageOptions: options }));
  }

  private constructor(config: Config, store: Store) {
    const { endpoints, worker } = config;
    super({
      name: 'semievol',
      activities: createActivities({
        store,
        endpoints: new Endpoints(endpoints),
        shutdownGraceMs: worker.shutdownGraceSeconds * 1000,
      }),
      workflowsPath: (existing) => existing ?? workflowsPath,
      runContext: async (next) => {
        try {
          await next();
        } finally {
          store.close();
        }
      },
    });
    this.#worker = worker;
  }

  override configureWorker(options: WorkerOptions): WorkerOptions {
    const { maxConcurrentActivities, deployment } = this.#worker;
    return {
      // A worker has either a tuner or numbers.
      ...(options.tuner ? {} : { maxConcurrentActivityTaskExecutions: maxConcurrentActivities }),
      // Heartbeats carry progress out and cancellation in: neither should wait for long.
      maxHeartbeatThrottleInterval: '2s',
      workerDeploymentOptions: deploymentOptions(deployment),
      ...super.configureWorker(options),
    };
  }
}
