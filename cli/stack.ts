import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { extname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Client } from '@temporalio/client';
import type { Config } from '../workers/config.ts';
import { connectClient } from '../workers/temporal.ts';
import { CliError } from './errors.ts';
import { Service, type ServiceEvents, type ServiceOptions } from './service.ts';
import { HOST, isFree, type StackPlace, stackEnvironment } from './stack-place.ts';
import { isPolled } from './task-queue.ts';

/** A program of ours to start; its ending is that of this very file, .ts in a clone and .js in the package. */
const program = (name: string) =>
  join(import.meta.dirname, `${name}${extname(import.meta.filename)}`);

export interface StackOptions extends StackPlace {
  config: Config;
  configFile: string;
  /** The `temporal` executable. */
  temporalBinary: string;
  say(line: string): void;
  /** Every line of the services' output, beside their log files. */
  output?(service: string, line: string): void;
}

interface StackRecord extends StackPlace {
  pid: number;
}

const recordFile = (state: string) => join(state, 'stack.json');

function readRecord(state: string): StackRecord | undefined {
  try {
    return JSON.parse(readFileSync(recordFile(state), 'utf8')) as StackRecord;
  } catch {
    return undefined;
  }
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** The stack another process runs on this state folder, if there is one. */
export function runningStack(state: string): StackRecord | undefined {
  const record = readRecord(state);
  return record && isAlive(record.pid) ? record : undefined;
}

/** The Temporal dev server, the engine and a worker, as child processes of this one. */
export class Stack {
  readonly #options: StackOptions;
  readonly #services: Service[] = [];
  #guard?: ChildProcess;
  #client?: Client;

  constructor(options: StackOptions) {
    this.#options = options;
  }

  /**
   * Starts the services one after the other, each ready before the next.
   * @throws when `signal` aborts, and CliError when a port is taken or a service does not come up; call `stop` also then.
   */
  async start(signal: AbortSignal): Promise<void> {
    const { state, say, temporalPort, uiPort, enginePort, config } = this.#options;
    await this.#claim();
    this.#guard = spawn(process.execPath, [program('guard')], {
      stdio: ['pipe', 'ignore', 'ignore'],
      detached: true,
    });
    this.#guard.unref();
    for (const service of [this.#temporal(), this.#engine(), this.#worker()]) {
      this.#services.push(service);
      await service.start(signal);
    }
    say(`Temporal  ${HOST}:${temporalPort}, UI http://${HOST}:${uiPort}`);
    say(`engine    http://${HOST}:${enginePort}/v1`);
    say(`worker    polls task queue "${config.temporal.taskQueue}"`);
    say(`logs      ${join(state, 'logs')}`);
  }

  /** Stops worker, engine and Temporal, in this order. */
  async stop(): Promise<void> {
    await this.#client?.connection.close();
    for (const service of [...this.#services].reverse()) await service.stop();
    this.#guard?.stdin?.end();
    if (this.#guard) rmSync(recordFile(this.#options.state), { force: true });
  }

  /** Ends everything at once; `stop` then has nothing to wait for. */
  kill(): void {
    for (const service of this.#services) service.kill();
  }

  /** Makes sure that nobody else has the state folder or one of the ports. */
  async #claim(): Promise<void> {
    const { state, temporalPort, uiPort, enginePort } = this.#options;
    const left = readRecord(state);
    if (left && isAlive(left.pid))
      throw new CliError(
        `a stack already runs on ${state} (process ${left.pid}, UI http://${HOST}:${left.uiPort}): use it, stop it, or give this one its own --state DIR and ports`,
      );
    // After a killed session its guard is still ending what was left: give it time.
    const patience = Date.now() + (left ? 15_000 : 0);
    const ports = {
      '--temporal-port': temporalPort,
      '--ui-port': uiPort,
      '--engine-port': enginePort,
    };
    for (const [option, port] of Object.entries(ports))
      while (!(await isFree(port))) {
        if (Date.now() > patience)
          throw new CliError(
            `port ${port} is taken by another program: end it, or choose another port with ${option}`,
          );
        await sleep(250);
      }
    mkdirSync(state, { recursive: true });
    const record: StackRecord = { pid: process.pid, state, temporalPort, uiPort, enginePort };
    writeFileSync(recordFile(state), JSON.stringify(record));
  }

  #temporal(): Service {
    const { state, temporalBinary, temporalPort, uiPort, config } = this.#options;
    const namespace = config.temporal.namespace;
    return this.#service({
      name: 'temporal',
      command: [
        temporalBinary,
        ...['server', 'start-dev', '--db-filename', join(state, 'temporal.db')],
        ...['--ip', HOST, '--port', `${temporalPort}`, '--ui-port', `${uiPort}`],
        ...['--log-level', 'error'],
        ...(namespace ? ['--namespace', namespace] : []),
      ],
      ready: async () => {
        this.#client ??= await connectClient(config).catch(() => undefined);
        return this.#client !== undefined;
      },
      readyTimeoutMs: 60_000,
      stopTimeoutMs: 10_000,
    });
  }

  #engine(): Service {
    const { state, enginePort } = this.#options;
    return this.#service({
      name: 'engine',
      command: [
        ...([process.execPath, program('../engine/main')] as [string, string]),
        ...['--port', `${enginePort}`, '--state', join(state, 'engine')],
      ],
      ready: () =>
        fetch(`http://${HOST}:${enginePort}/v1/models`).then(
          (response) => response.ok,
          () => false,
        ),
      readyTimeoutMs: 120_000,
      stopTimeoutMs: 15_000,
    });
  }

  #worker(): Service {
    const { config, configFile } = this.#options;
    return this.#service({
      name: 'worker',
      command: [process.execPath, program('semievol'), 'worker', '--config', configFile],
      ready: () => isPolled(this.#client!, config.temporal.taskQueue),
      readyTimeoutMs: 120_000,
      stopTimeoutMs: (config.worker.shutdownGraceSeconds + 10) * 1000,
    });
  }

  #service(options: Omit<ServiceOptions, 'logFile' | 'env'>): Service {
    const { state, say, output } = this.#options;
    const events: ServiceEvents = {
      started: (pid) => this.#guard?.stdin?.write(`+${pid}\n`),
      ended: (pid) => this.#guard?.stdin?.write(`-${pid}\n`),
      line: (service, text) => output?.(service, text),
      crashed: say,
    };
    return new Service(
      {
        ...options,
        env: stackEnvironment(this.#options),
        logFile: join(state, 'logs', `${options.name}.log`),
      },
      events,
    );
  }
}
