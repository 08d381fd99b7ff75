import { rm } from 'node:fs/promises';
import type { WorkflowHandleWithFirstExecutionRunId } from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import { TestWorkflowEnvironment } from '@temporalio/testing';
import {
  bundleWorkflowCode,
  DefaultLogger,
  Runtime,
  Worker,
  type WorkerOptions,
  type WorkflowBundle,
} from '@temporalio/worker';
import { SemiEvolClient } from '../../client/client.ts';
import { type Config, defineConfig } from '../../config/config.ts';
import type { ActivityOptions } from '../../core/activityOptions.ts';
import { runSpec } from '../../core/registry.ts';
import type { RoundReport } from '../../core/roundReport.ts';
import type { RunSpec } from '../../core/spec.ts';
import type { RunStatus } from '../../core/status.ts';
import { ensureEngine, temporalBinary } from '../../engine/setup.ts';
import { endpointConfig } from '../../providers/config.ts';
import type { Provider } from '../../testing/provider.ts';
import {
  testConfig as plainConfig,
  type Sizes,
  writeTask as writePlainTask,
} from '../../testing/task.ts';
import { SemiEvolPlugin, WORKFLOWS_PATH } from '../../workers/plugin.ts';
import type { evolve } from '../../workflows/index.ts';
import { temporaryFolder } from './folder.ts';
import { type WorkerPlace, WorkerProcess } from './workerProcess.ts';

/** A Temporal dev server of its own, on free ports, with its database in memory. */
export async function startTemporal(): Promise<TestWorkflowEnvironment> {
  quiet();
  await ensureEngine();
  return TestWorkflowEnvironment.createLocal({
    server: {
      executable: { type: 'existing-path', path: temporalBinary() },
      log: { format: 'pretty', level: 'error' },
      // It would print where it is.
      extraArgs: ['--output', 'none'],
    },
  });
}

/** Only errors of the SDK are printed. */
export function quiet(): void {
  try {
    Runtime.install({ logger: new DefaultLogger('ERROR'), telemetryOptions: {} });
  } catch {
    // Another suite of this process has done it.
  }
}

const bundles = new Map<string, Promise<WorkflowBundle>>();

/** The code of workflows, ours unless others are named: bundled once, for all workers of the process. */
export function bundled(workflowsPath = WORKFLOWS_PATH): Promise<WorkflowBundle> {
  const logger = new DefaultLogger('ERROR');
  const bundle = bundles.get(workflowsPath) ?? bundleWorkflowCode({ workflowsPath, logger });
  bundles.set(workflowsPath, bundle);
  return bundle;
}

/** The configuration for tests, with fields of its endpoint or its store set otherwise. */
export function testConfig(
  folder: string,
  provider: Pick<Provider, 'baseURL'>,
  endpoint: object = {},
  store: Partial<Config['store']> = {},
): Config {
  const config = plainConfig(provider, folder);
  return defineConfig({
    ...config,
    store: { ...config.store, ...store },
    endpoints: { local: { ...config.endpoints.local, ...endpoint } },
  });
}

/** A small data set with its spec, of which fields may be set otherwise. */
export async function writeTask(
  folder: string,
  name: string,
  sizes?: Sizes,
  changes: object = {},
): Promise<RunSpec> {
  return runSpec.parse({ ...(await writePlainTask(folder, name, sizes)), ...changes });
}

/** A stand-in provider, a folder for data and store, and runs over them on a Temporal server. */
export class Bench {
  readonly temporal: TestWorkflowEnvironment;
  readonly provider: Provider;
  readonly config: Config;
  readonly folder: string;
  readonly #stopping: (() => Promise<unknown>)[] = [];

  static async open(
    temporal: TestWorkflowEnvironment,
    provider: Provider,
    endpoint: object = {},
    store?: Partial<Config['store']>,
  ): Promise<Bench> {
    const { path: folder } = await temporaryFolder();
    const config = testConfig(folder, provider, endpoint, store);
    return new Bench(temporal, provider, folder, config);
  }

  private constructor(
    temporal: TestWorkflowEnvironment,
    provider: Provider,
    folder: string,
    config: Config,
  ) {
    this.temporal = temporal;
    this.provider = provider;
    this.folder = folder;
    this.config = config;
  }

  /** Configures a further endpoint, for the workers that are started from then on. */
  addEndpoint(name: string, { baseURL }: Pick<Provider, 'baseURL'>, more: object = {}): void {
    const given = { baseURL, finalAfterSeconds: 0.5, ...more };
    this.config.endpoints[name] = endpointConfig.parse(given);
  }

  /** A client as a user would make it. */
  get client(): SemiEvolClient {
    return new SemiEvolClient(this.temporal.client, this.config);
  }

  /** A worker as a user would build it: by the plugin, and by nothing else. */
  async worker({ workflowsPath, ...options }: Partial<WorkerOptions> = {}): Promise<Worker> {
    return Worker.create({
      connection: this.temporal.nativeConnection,
      taskQueue: this.config.temporal.taskQueue,
      plugins: [new SemiEvolPlugin(this.config)],
      // A data converter is a part of the code.
      ...(options.dataConverter
        ? { workflowsPath }
        : { workflowBundle: await bundled(workflowsPath) }),
      ...options,
    });
  }

  /** Starts such a worker, which runs until the bench is closed. @returns what stops it before */
  async startWorker(options: Partial<WorkerOptions> = {}): Promise<() => Promise<void>> {
    const worker = await this.worker(options);
    const running = worker.run();
    const stop = () => {
      if (worker.getState() === 'RUNNING') worker.shutdown();
      return running;
    };
    this.#stopping.push(stop);
    return stop;
  }

  /** Starts `semievol worker` as a process of its own, which is killed when the bench is closed. */
  async startProcess(place: Partial<WorkerPlace> = {}): Promise<WorkerProcess> {
    const { folder, config, temporal } = this;
    const { address } = temporal;
    const worker = await WorkerProcess.start({ folder, config, address, ...place });
    this.#stopping.push(() => worker.kill());
    return worker;
  }

  start(
    spec: RunSpec,
    activityOptions?: ActivityOptions,
  ): Promise<WorkflowHandleWithFirstExecutionRunId<typeof evolve>> {
    return this.temporal.client.workflow.start<typeof evolve>('evolve', {
      workflowId: spec.name,
      taskQueue: this.config.temporal.taskQueue,
      args: [{ run: spec.name, spec, activityOptions }],
    });
  }

  /** Runs a whole evolution with a worker of its own. */
  async run(spec: RunSpec): Promise<RunStatus> {
    const worker = await this.worker();
    return worker.runUntil(async () => (await this.start(spec)).result());
  }

  /** The reports of a run's finished rounds, as `semievol report` reads them. */
  async reports(run: string): Promise<RoundReport[]> {
    return (await this.client.get(run).reports()).rounds;
  }

  async close(): Promise<void> {
    await Promise.all(this.#stopping.map((stop) => stop()));
    await this.provider.close();
    await rm(this.folder, { recursive: true, force: true });
  }
}

/** For `assert.rejects`: a workflow that failed for a reason of this type. */
export function failedFor(type: string): (error: unknown) => boolean {
  return (error) => {
    for (let cause = error; cause instanceof Error; cause = cause.cause)
      if (cause instanceof ApplicationFailure && cause.type === type) return true;
    throw error;
  };
}
