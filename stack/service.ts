import { createWriteStream, existsSync, mkdirSync, renameSync } from 'node:fs';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { execa, type ResultPromise } from 'execa';
import { signalGroup } from '../providers/processGroup.ts';
import { ServiceFailed } from './errors.ts';

const TAIL_LINES = 15;
const PROBE_MS = 250;
const FIRST_BACKOFF_MS = 500;
const LAST_BACKOFF_MS = 30_000;
/** A service that ran this long is well again: its next crash starts the backoff anew. */
const HEALTHY_MS = 60_000;

export interface ServiceOptions {
  name: string;
  /** Program and arguments. */
  command: [string, ...string[]];
  env?: Record<string, string>;
  logFile: string;
  /** Resolves to true once the service can be used. */
  ready: () => Promise<boolean>;
  readyTimeoutMs: number;
  /** Time between SIGTERM and SIGKILL. */
  stopTimeoutMs: number;
}

/** What a service tells about itself. */
export interface ServiceEvents {
  started(pid: number): void;
  ended(pid: number): void;
  line(service: string, text: string): void;
  /** It ended by itself; `message` gives its last lines and what happens next. */
  crashed(message: string): void;
}

const options = (env: Record<string, string> = {}) =>
  ({
    all: true,
    buffer: false,
    reject: false,
    stdin: 'ignore',
    // A group of its own: Ctrl-C in the terminal must reach the stack only, which stops in order.
    detached: true,
    cleanup: false,
    env,
  }) as const;

type Child = ResultPromise<ReturnType<typeof options>>;

/** A long-lived child process: started once ready, started again when it crashes, stopped whole. */
export class Service {
  readonly #options: ServiceOptions;
  readonly #events: ServiceEvents;
  readonly #stopping = new AbortController();
  #child!: Child;
  /** Settles when the child has ended and its output is read. */
  #ended: Promise<void> = Promise.resolve();
  #supervision?: Promise<void>;
  #tail: string[] = [];

  constructor(options: ServiceOptions, events: ServiceEvents) {
    this.#options = options;
    this.#events = events;
  }

  /**
   * Starts it and waits until it is ready.
   * @throws when `signal` aborts, and ServiceFailed with its last lines if it does not get ready
   */
  async start(signal: AbortSignal): Promise<void> {
    const { logFile } = this.#options;
    mkdirSync(dirname(logFile), { recursive: true });
    if (existsSync(logFile)) renameSync(logFile, `${logFile}.previous`);
    this.#spawn();
    await this.#untilReady(signal);
    this.#supervision = this.#supervise();
  }

  /** Asks it to end, insists after the time-out, and leaves nothing of its group behind. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    this.#child?.kill('SIGTERM');
    const insist = setTimeout(() => this.kill(), this.#options.stopTimeoutMs);
    await this.#ended;
    await this.#supervision;
    clearTimeout(insist);
  }

  /** Ends it and its group at once. */
  kill(): void {
    this.#stopping.abort();
    if (this.#child?.pid !== undefined) signalGroup(this.#child.pid, 'SIGKILL');
  }

  #spawn(): void {
    const [program, ...args] = this.#options.command;
    const child = execa(program, args, options(this.#options.env));
    const { pid } = child;
    this.#child = child;
    this.#tail = [];
    if (pid !== undefined) {
      this.#events.started(pid);
      child.once('exit', () => {
        // Its own children must neither outlive it nor keep its output open.
        signalGroup(pid, 'SIGKILL');
        this.#events.ended(pid);
      });
    }
    this.#ended = this.#read(child);
  }

  async #untilReady(signal: AbortSignal): Promise<void> {
    const { name, ready, readyTimeoutMs } = this.#options;
    const deadline = Date.now() + readyTimeoutMs;
    let ended = false;
    void this.#ended.then(() => {
      ended = true;
    });
    while (!(await ready())) {
      signal.throwIfAborted();
      if (ended) throw this.#failure(`${name} ${await this.#howItEnded()} before it was ready`);
      if (Date.now() > deadline)
        throw this.#failure(`${name} was not ready within ${readyTimeoutMs / 1000} s`);
      await sleep(PROBE_MS);
    }
  }

  async #supervise(): Promise<void> {
    const { signal } = this.#stopping;
    for (let backoff = FIRST_BACKOFF_MS; ; backoff = Math.min(2 * backoff, LAST_BACKOFF_MS)) {
      const startedAt = Date.now();
      await this.#ended;
      if (signal.aborted) return;
      if (Date.now() - startedAt > HEALTHY_MS) backoff = FIRST_BACKOFF_MS;
      const how = await this.#howItEnded();
      this.#events.crashed(
        `${this.#failure(`${this.#options.name} ${how}`).message}\nstarting it again in ${backoff / 1000} s`,
      );
      await sleep(backoff, undefined, { signal }).catch(() => undefined);
      if (signal.aborted) return;
      this.#spawn();
    }
  }

  async #read(child: Child): Promise<void> {
    const log = createWriteStream(this.#options.logFile, { flags: 'a' });
    // A full disk costs the log, not the stack.
    log.on('error', () => undefined);
    for await (const line of child.iterable({ from: 'all' })) {
      log.write(`${line}\n`);
      this.#tail.push(line);
      if (this.#tail.length > TAIL_LINES) this.#tail.shift();
      this.#events.line(this.#options.name, line);
    }
    await new Promise<void>((resolve) => log.end(() => resolve()));
    await child;
  }

  async #howItEnded(): Promise<string> {
    const { signal, exitCode, shortMessage } = await this.#child;
    if (signal) return `was killed by ${signal}`;
    return exitCode === undefined
      ? `could not be started (${shortMessage})`
      : `ended with ${exitCode}`;
  }

  #failure(what: string): ServiceFailed {
    const tail = this.#tail.map((line) => `  ${line}`).join('\n');
    return new ServiceFailed(
      `${what}${tail ? `; its last lines:\n${tail}` : ''}\nlog: ${this.#options.logFile}`,
    );
  }
}
