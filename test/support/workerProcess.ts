import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Config } from '../../workers/config.ts';

const root = new URL('../../', import.meta.url);

/** Where a worker process finds what it needs. */
export interface WorkerPlace {
  /** For its temporal.config.ts. */
  folder: string;
  config: Config;
  /** Address of the Temporal server. */
  address: string;
}

/** `semievol worker` as a process of its own, which can be stopped and killed. */
export class WorkerProcess {
  readonly #process: ChildProcess;

  static async start({ folder, config, address }: WorkerPlace): Promise<WorkerProcess> {
    const file = join(folder, 'temporal.config.ts');
    const module = new URL('workers/config.ts', root).href;
    await writeFile(
      file,
      `import { defineConfig } from '${module}';\nexport default defineConfig(${JSON.stringify(config)});\n`,
    );
    return new WorkerProcess(
      spawn(
        process.execPath,
        [new URL('cli/semievol.ts', root).pathname, 'worker', '--config', file],
        { env: { ...process.env, TEMPORAL_ADDRESS: address }, stdio: 'ignore' },
      ),
    );
  }

  private constructor(process: ChildProcess) {
    this.#process = process;
  }

  /** As a deploy does it. @returns its exit code */
  stop(): Promise<number | null> {
    return this.#end('SIGTERM');
  }

  async kill(): Promise<void> {
    await this.#end('SIGKILL');
  }

  async #end(signal: NodeJS.Signals): Promise<number | null> {
    const { exitCode, signalCode } = this.#process;
    if (exitCode === null && signalCode === null) {
      const exit = once(this.#process, 'exit');
      this.#process.kill(signal);
      await exit;
    }
    return this.#process.exitCode;
  }
}
