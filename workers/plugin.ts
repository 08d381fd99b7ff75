import { extname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { SimplePlugin } from '@temporalio/plugin';
import type { Worker, WorkerOptions } from '@temporalio/worker';
import { nameActivities } from '../activities/index.ts';
import type { Config } from '../config/config.ts';
import { deploymentOptions } from './deployment.ts';
import { PluginRefused } from './errors.ts';
import { refuseOldNode } from './node.ts';
import { Resources } from './resources.ts';

/** Our workflows; the ending is that of this very file, .ts in the sources and .js when built. */
export const WORKFLOWS_PATH = fileURLToPath(
  new URL(`../workflows/index${extname(import.meta.url)}`, import.meta.url),
);

/**
 * Adds SemiEvol to a Temporal worker: its activities, its workflows (unless the worker has a
 * `workflowsPath` of its own, which then re-exports `semievol/workflows`), and defaults for tuning.
 * One plugin may serve several workers, and clients. Nothing is opened before a worker runs; when
 * the store cannot be written to then, `worker.run()` rejects with a StoreError.
 *
 * @example
 * const worker = await Worker.create({ taskQueue, plugins: [new SemiEvolPlugin(config)] });
 */
export class SemiEvolPlugin extends SimplePlugin {
  readonly #resources: Resources;
  readonly #worker: Config['worker'];
  readonly #activities: Record<string, unknown>;

  /** @throws PluginRefused on a Node that is too old */
  constructor(config: Config) {
    refuseOldNode();
    const resources = new Resources(config);
    const activities = nameActivities(() => resources.activities);
    super({
      name: 'semievol',
      activities,
      workflowsPath: (existing) => existing ?? WORKFLOWS_PATH,
    });
    this.#resources = resources;
    this.#worker = config.worker;
    this.#activities = activities;
  }

  /** @throws PluginRefused where the worker has an activity of a name of ours */
  override configureWorker(options: WorkerOptions): WorkerOptions {
    this.#refuseClash((options.activities ?? {}) as Record<string, unknown>);
    const { maxConcurrentActivities, deployment } = this.#worker;
    return {
      // A worker has either a tuner or numbers.
      ...(options.tuner ? {} : { maxConcurrentActivityTaskExecutions: maxConcurrentActivities }),
      // Heartbeats carry progress out and cancellation in: neither should wait for long.
      maxHeartbeatThrottleInterval: '2s',
      workerDeploymentOptions: deploymentOptions(deployment),
      ...super.configureWorker(options),
      // To a bundle nothing can be added.
      ...(options.workflowBundle ? { workflowsPath: options.workflowsPath } : {}),
    };
  }

  override async runWorker(worker: Worker, next: (w: Worker) => Promise<void>): Promise<void> {
    let running: Promise<void> | undefined;
    try {
      await this.#resources.during(() => (running = next(worker)));
    } catch (error) {
      if (!running) await endUnused(worker, next);
      throw error;
    }
  }

  /** Else ours would silently be in the place of the others. Ours itself may be there already. */
  #refuseClash(others: Record<string, unknown>): void {
    const taken = Object.keys(this.#activities).filter(
      (name) => Object.hasOwn(others, name) && others[name] !== this.#activities[name],
    );
    if (taken.length > 0)
      throw new PluginRefused(
        `the worker has activities of its own that are called ${taken.join(', ')}, as SemiEvol's are: rename them, and give the worker one SemiEvolPlugin only`,
      );
  }
}

/** A worker that was never run would keep its connection, and so the process, open for ever. */
async function endUnused(worker: Worker, next: (w: Worker) => Promise<void>): Promise<void> {
  const running = next(worker);
  worker.shutdown();
  await running.catch(() => undefined);
}
