import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Client } from '@temporalio/client';
import { TestWorkflowEnvironment } from '@temporalio/testing';
import { execa } from 'execa';
import { ensureEngine, temporalBinary } from '../../engine/setup.ts';
import { quiet, testConfig } from '../../test/support/stack.ts';
import type { Config } from '../../workers/config.ts';
import { type BenchEndpoint, type EndpointOptions, startEndpoint } from './endpoint.ts';

const root = new URL('../../', import.meta.url);

/** What runs during a bench as it does for a user: Temporal, endpoint and workers, a process each. */
export class Stack {
  readonly folder: string;
  readonly endpoint: BenchEndpoint;
  readonly #temporal: TestWorkflowEnvironment;
  readonly #workers: ReturnType<typeof spawnWorker>[] = [];

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
    return testConfig(this.folder, this.endpoint.baseURL, endpoint);
  }

  /** Starts `semievol worker` and waits until it polls. @returns its process id */
  async startWorker(config: Config): Promise<number> {
    const file = join(this.folder, 'temporal.config.ts');
    const module = new URL('workers/config.ts', root).href;
    await writeFile(
      file,
      `import { defineConfig } from '${module}';\nexport default defineConfig(${JSON.stringify(config)});\n`,
    );
    const worker = spawnWorker(file, this.#temporal.address);
    this.#workers.push(worker);
    const polls = new Promise<void>((resolve) => {
      worker.stderr.on('data', (text) => {
        if (String(text).includes('polls task queue')) resolve();
      });
    });
    const ended = worker.then(({ stderr }) => {
      throw new Error(`a worker ended before it polled:\n${stderr}`);
    });
    await Promise.race([polls, ended]);
    ended.catch(() => {});
    return worker.pid!;
  }

  async stopWorkers(): Promise<void> {
    for (const worker of this.#workers) worker.kill();
    await Promise.all(this.#workers.splice(0));
  }

  async close(): Promise<void> {
    await this.stopWorkers();
    await this.endpoint.close();
    await this.#temporal.teardown();
    await rm(this.folder, { recursive: true, force: true });
  }
}

/** A worker as a process of its own; its promise resolves however it ends. */
function spawnWorker(config: string, address: string) {
  return execa(
    process.execPath,
    [new URL('cli/semievol.ts', root).pathname, 'worker', '--config', config],
    { env: { TEMPORAL_ADDRESS: address }, stdin: 'ignore', reject: false },
  );
}
