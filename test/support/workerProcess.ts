import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import type { Config } from '../../config/config.ts';
import { type ExtensionModules, writeConfig } from './configFile.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));

/** A worker polls within this time, also on a busy machine. */
const READY_MS = 180_000;

/** Where a worker process finds what it needs. */
export interface WorkerPlace {
  /** For its configuration file. */
  folder: string;
  config: Config;
  /** Address of the Temporal server. */
  address: string;
  extensions?: ExtensionModules;
}

function startWorker(configFile: string, address: string) {
  return execa(`${ROOT}bin/semievol.mjs`, ['worker', '--config', configFile], {
    env: { TEMPORAL_ADDRESS: address },
    stdin: 'ignore',
    reject: false,
    // The Node of the project.
    preferLocal: true,
    localDir: ROOT,
    forceKillAfterDelay: false,
  });
}

/** `semievol worker` as a user starts it: a process of its own, which can be stopped and killed. */
export class WorkerProcess {
  readonly #process: ReturnType<typeof startWorker>;

  /**
   * Starts one and waits until it polls.
   * @throws Error with what it printed, when it ends before or takes three minutes
   */
  static async start({ folder, config, address, extensions }: WorkerPlace): Promise<WorkerProcess> {
    const worker = startWorker(await writeConfig(folder, config, extensions), address);
    const patience = setTimeout(() => worker.kill('SIGKILL'), READY_MS);
    for await (const line of createInterface({ input: worker.stderr }))
      if (line.includes('polls task queue')) {
        clearTimeout(patience);
        return new WorkerProcess(worker);
      }
    clearTimeout(patience);
    throw new Error(`a worker ended before it polled:\n${(await worker).stderr}`);
  }

  private constructor(process: ReturnType<typeof startWorker>) {
    this.#process = process;
  }

  get pid(): number {
    return this.#process.pid!;
  }

  /** As a deploy does it. @returns its exit code */
  async stop(): Promise<number | undefined> {
    this.#process.kill('SIGTERM');
    return (await this.#process).exitCode;
  }

  /** Waits for its end. @returns all that it has printed */
  async printed(): Promise<string> {
    const { stdout, stderr } = await this.#process;
    return `${stdout}\n${stderr}`;
  }

  async kill(): Promise<void> {
    this.#process.kill('SIGKILL');
    await this.#process;
  }
}
