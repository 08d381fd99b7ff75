import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { WorkflowHandleWithFirstExecutionRunId } from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import { TestWorkflowEnvironment } from '@temporalio/testing';
import { DefaultLogger, Runtime, Worker, type WorkerOptions } from '@temporalio/worker';
import { SemiEvolClient } from '../../client/client.ts';
import { type Config, defineConfig } from '../../config/config.ts';
import type { ActivityOptions } from '../../core/activityOptions.ts';
import { runSpec } from '../../core/registry.ts';
import type { RoundReport } from '../../core/roundReport.ts';
import type { RunSpec } from '../../core/spec.ts';
import type { RunStatus } from '../../core/status.ts';
import { ensureEngine, temporalBinary } from '../../engine/setup.ts';
import { goldAnswer } from '../../testing/model.ts';
import type { Provider } from '../../testing/provider.ts';
import { SemiEvolPlugin } from '../../workers/plugin.ts';
import type { evolve } from '../../workflows/index.ts';

export const LABELS = ['animal', 'artifact', 'food', 'person', 'plant'];

/** A Temporal dev server of its own, on free ports, with its database in memory. */
export async function startTemporal(): Promise<TestWorkflowEnvironment> {
  quiet();
  await ensureEngine();
  return TestWorkflowEnvironment.createLocal({
    server: {
      executable: { type: 'existing-path', path: temporalBinary() },
      log: { format: 'pretty', level: 'error' },
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

/** A configuration with one endpoint, `local`, and a store in `folder` unless another is given. */
export function testConfig(
  folder: string,
  baseURL: string,
  endpoint: object = {},
  store: Partial<Config['store']> = { uri: join(folder, 'store') },
): Config {
  return defineConfig({
    store,
    endpoints: { local: { baseURL, pollSeconds: 0.05, finalAfterSeconds: 0.5, ...endpoint } },
    worker: { shutdownGraceSeconds: 1, trainingFolders: [folder] },
  });
}

export interface Sizes {
  labelled: number;
  unlabelled: number;
  test: number;
}

/**
 * Writes a small data set whose right answers the stand-in provider knows, and gives a spec for it.
 * @param changes fields of the spec to set otherwise
 */
export async function writeTask(
  folder: string,
  name: string,
  { labelled, unlabelled, test }: Sizes = { labelled: 20, unlabelled: 40, test: 30 },
  changes: object = {},
): Promise<RunSpec> {
  const write = async (file: string, from: number, count: number) => {
    const rows = Array.from({ length: count }, (_, index) => {
      const question = `the thing that has number ${from + index}`;
      return JSON.stringify({ question, answer: goldAnswer(question, LABELS) });
    });
    await writeFile(join(folder, file), `${rows.join('\n')}\n`);
    return join(folder, file);
  };
  return runSpec.parse({
    name,
    task: { type: 'classification', labels: LABELS },
    data: {
      labelled: await write('labelled.jsonl', 0, labelled),
      unlabelled: await write('unlabelled.jsonl', labelled, unlabelled),
      test: await write('test.jsonl', labelled + unlabelled, test),
    },
    batch: { size: 10, window: 2 },
    ...changes,
  });
}

/** A stand-in provider, a folder for data and store, and runs over them on a Temporal server. */
export class Bench {
  readonly temporal: TestWorkflowEnvironment;
  readonly provider: Provider;
  readonly config: Config;
  readonly folder: string;

  static async open(
    temporal: TestWorkflowEnvironment,
    provider: Provider,
    endpoint: object = {},
    store?: Partial<Config['store']>,
  ): Promise<Bench> {
    const folder = await mkdtemp(join(tmpdir(), 'semievol-test-'));
    const config = testConfig(folder, provider.baseURL, endpoint, store);
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

  /** A client as a user would make it. */
  get client(): SemiEvolClient {
    return new SemiEvolClient(this.temporal.client, this.config);
  }

  /** A worker as a user would build it: by the plugin, and by nothing else. */
  async worker(options: Partial<WorkerOptions> = {}): Promise<Worker> {
    return Worker.create({
      connection: this.temporal.nativeConnection,
      taskQueue: this.config.temporal.taskQueue,
      plugins: [new SemiEvolPlugin(this.config)],
      ...options,
    });
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
