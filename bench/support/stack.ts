import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Client } from '@temporalio/client';
import { TestWorkflowEnvironment } from '@temporalio/testing';
import type { Config } from '../../config/config.ts';
import { ensureEngine, temporalBinary } from '../../engine/setup.ts';
import { quiet, testConfig } from '../../test/support/stack.ts';
import { WorkerProcess } from '../../test/support/workerProcess.ts';
import { type BenchEndpoint, type EndpointOptions, startEndpoint } from './endpoint.ts';

/** What runs during a bench as it does for a user: Temporal, endpoint and workers, a process each. */
export class Stack {
  readonly folder: string;
  readonly endpoint: BenchEndpoint;
  readonly #temporal: TestWorkflowEnvironment;
  readonly #workers: WorkerProcess[] = [];

  static async open(options: EndpointOptions = {}): Promise<Stack> {
    quiet();
    await ensureEngine();
    const folder = await mkdtemp(join(tmpdir(), 'semievol-bench-'));
    const temporal = await TestWorkflowEnvironment.createLocal({
      server: {
        executable: { type: 'existing-path', path: temporalBinary() },
        dbFilename: join(folder, 'temporal.db'),
        log: { format: 'pretty', level: 'error' },
      },
    });
    return new Stack(folder, temporal, await startEndpoint(options));
  }

  private constructor(folder: string, temporal: TestWorkflowEnvironment, endpoint: BenchEndpoint) {
    this.folder = folder;
    this.endpoint = endpoint;
    this.#temporal = temporal;
  }

  get client(): Client {
    return this.#temporal.client;
  }

  /** A configuration with the endpoint as `local`, and a store in the folder. */
  config(endpoint: object = {}): Config {
    return testConfig(this.folder, this.endpoint, endpoint);
  }

  /** Starts `semievol worker` and waits until it polls. @returns its process id */
  async startWorker(config: Config): Promise<number> {
    const { folder } = this;
    const worker = await WorkerProcess.start({ folder, config, address: this.#temporal.address });
    this.#workers.push(worker);
    return worker.pid;
  }

  async stopWorkers(): Promise<void> {
    await Promise.all(this.#workers.splice(0).map((worker) => worker.stop()));
  }

  async close(): Promise<void> {
    await this.stopWorkers();
    await this.endpoint.close();
    await this.#temporal.teardown();
    await rm(this.folder, { recursive: true, force: true });
  }
}
