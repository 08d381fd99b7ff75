import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';

/** Time after which a program that ended by itself is started again. */
const AGAIN_MS = 500;
const READY_MS = 180_000;

export interface Program {
  name: string;
  command: string;
  args: string[];
  /** Where it leaves temporary files, of which a killed one leaves some. */
  folder: string;
  /** Variables beside our own. */
  env?: Record<string, string>;
  /** All its output goes there. */
  logFile: string;
  /** Whether a line of its output says that it can be used. */
  isReady(line: string): boolean;
}

/** A program as a process of its own, which is started again whenever it ends. */
export class Service {
  readonly #program: Program;
  readonly #stopping = new AbortController();
  readonly #running: Promise<void>;
  #child!: ChildProcess;
  #isReady = false;
  #ready = Promise.withResolvers<void>();
  /** Set by `kill`: for how long it is to stay down. */
  #downMs: number | undefined;
  #freezes = 0;
  /** How often it ended by itself. */
  exits = 0;

  constructor(program: Program) {
    this.#program = program;
    this.#running = this.#run();
  }

  get name(): string {
    return this.#program.name;
  }

  get isReady(): boolean {
    return this.#isReady;
  }

  /** Resolves when the process that runs now, or the next one, is ready. @throws after three minutes */
  async ready(): Promise<void> {
    const late = new AbortController();
    const { signal } = late;
    const tooLate = sleep(READY_MS, undefined, { signal }).then(() => {
      throw new Error(`${this.name} did not get ready: see ${this.#program.logFile}`);
    });
    await Promise.race([this.#ready.promise, tooLate]).finally(() => {
      tooLate.catch(() => undefined);
      late.abort();
    });
  }

  /** Stops its work: nothing goes on, nothing is lost, until it is thawed as often. */
  freeze(): void {
    if (this.#freezes++ === 0) this.#child.kill('SIGSTOP');
  }

  thaw(): void {
    if (--this.#freezes === 0) this.#child.kill('SIGCONT');
  }

  /** kill -9; it is started again after `downMs`. To be called when it is ready. */
  async kill(downMs: number): Promise<void> {
    this.#downMs = downMs;
    this.#unready();
    const exit = once(this.#child, 'exit');
    this.#child.kill('SIGKILL');
    await exit;
  }

  /** Ends it for good. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    this.#child.kill('SIGKILL');
    await this.#running;
  }

  async #run(): Promise<void> {
    const { signal } = this.#stopping;
    while (!signal.aborted) {
      await this.#once();
      if (signal.aborted) return;
      if (this.#downMs === undefined) this.exits++;
      const pause = this.#downMs ?? AGAIN_MS;
      this.#downMs = undefined;
      await sleep(pause, undefined, { signal }).catch(() => undefined);
    }
  }

  /** One process from its start to its end. */
  async #once(): Promise<void> {
    const { command, args, folder, env, logFile, isReady } = this.#program;
    const child = spawn(command, args, {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, TMPDIR: folder, ...env },
    });
    this.#child = child;
    this.#freezes = 0;
    const log = createWriteStream(logFile, { flags: 'a' });
    for (const output of [child.stdout, child.stderr])
      createInterface(output).on('line', (line) => {
        log.write(`${new Date().toISOString()} ${line}\n`);
        if (this.#isReady || !isReady(line)) return;
        this.#isReady = true;
        this.#ready.resolve();
      });
    await once(child, 'close');
    this.#unready();
    log.end();
  }

  #unready(): void {
    if (this.#isReady) this.#ready = Promise.withResolvers();
    this.#isReady = false;
  }
}
