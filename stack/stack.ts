import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { extname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { connectClient, type SemiEvolClient } from '../client/client.ts';
import type { Config } from '../config/config.ts';
import { temporalBinary } from '../engine/setup.ts';
import { ServiceFailed, StackRefused } from './errors.ts';
import { HOST, isFree, type StackPlace, stackEnvironment } from './place.ts';
import {
  readRecord,
  recordFile,
  removeRecord,
  runningStack,
  type StackRecord,
  writeRecord,
} from './record.ts';
import { Service, type ServiceEvents, type ServiceOptions } from './service.ts';

/** A program of ours to start; its ending is that of this very file, .ts in a clone and .js in the package. */
const program = (name: string) =>
  join(import.meta.dirname, `${name}${extname(import.meta.filename)}`);

export interface StackOptions extends StackPlace {
  config: Config;
  configFile: string;
  say(line: string): void;
  /** Every line of the services' output, beside their log files. */
  output?(service: string, line: string): void;
}

/** The engine or a worker is ready within this time. */
const READY_MS = 120_000;

/**
 * Waits until the stack that another process runs, and may just have begun to start, can be used.
 * @throws when `signal` aborts, and ServiceFailed when it is not ready in time.
 */
export async function untilUsable(
  { state, enginePort, pid }: StackRecord,
  config: Config,
  signal: AbortSignal,
): Promise<void> {
  const deadline = Date.now() + READY_MS;
  while (!((await engineAnswers(enginePort)) && (await workerPolls(config)))) {
    signal.throwIfAborted();
    if (Date.now() > deadline)
      throw new ServiceFailed(
        `the stack of process ${pid} (by ${recordFile(state)}) is not ready: see ${join(state, 'logs')}, or end that process`,
      );
    await sleep(250);
  }
}

const engineAnswers = (port: number): Promise<boolean> =>
  fetch(`http://${HOST}:${port}/v1/models`).then(
    (response) => response.ok,
    () => false,
  );

async function workerPolls(config: Config): Promise<boolean> {
  const client = await connectClient(config).catch(() => undefined);
  if (!client) return false;
  return client
    .hasWorker()
    .catch(() => false)
    .finally(() => client.close());
}

/** The Temporal dev server, the engine and a worker, as child processes of this one. */
export class Stack {
  readonly #options: StackOptions;
  readonly #services: Service[] = [];
  #guard?: ChildProcess;
  #client?: SemiEvolClient;

  constructor(options: StackOptions) {
    this.#options = options;
  }

  /**
   * Starts the services one after the other, each ready before the next.
   * @throws when `signal` aborts, StackRefused when a port is taken, and ServiceFailed when a service does not come up; call `stop` also then.
   */
  async start(signal: AbortSignal): Promise<void> {
    const { state, say, temporalPort, uiPort, enginePort, config } = this.#options;
    await this.assertFree();
    // All that the services keep is their user's alone; they inherit it.
    process.umask(0o077);
    mkdirSync(state, { recursive: true });
    writeRecord(this.#options);
    this.#guard = spawn(process.execPath, [program('guard')], {
      stdio: ['pipe', 'ignore', 'ignore'],
      detached: true,
    });
    this.#guard.unref();
    await this.#begin(this.#temporal(), signal);
    await this.#client!.setUpNamespace();
    await this.#begin(this.#engine(), signal);
    await this.#begin(this.#worker(), signal);
    say(`Temporal  ${HOST}:${temporalPort}, UI http://${HOST}:${uiPort}`);
    const own = Object.keys(config.engine.models);
    say(
      `engine    http://${HOST}:${enginePort}/v1${own.length > 0 ? `, with ${own.join(', ')}` : ''}`,
    );
    say(`worker    polls task queue "${config.temporal.taskQueue}"`);
    say(`logs      ${join(state, 'logs')}`);
  }

  /** Stops worker, engine and Temporal, in this order. */
  async stop(): Promise<void> {
    await this.#client?.close();
    for (const service of [...this.#services].reverse()) await service.stop();
    this.#guard?.stdin?.end();
    if (this.#guard) removeRecord(this.#options.state);
  }

  /** Ends everything at once; `stop` then has nothing to wait for. */
  kill(): void {
    for (const service of this.#services) service.kill();
  }

  /** @throws StackRefused when somebody else has the state folder or one of the ports */
  async assertFree(): Promise<void> {
    const { state, temporalPort, uiPort, enginePort } = this.#options;
    const running = await runningStack(state);
    if (running)
      throw new StackRefused(
        `a stack already runs on ${state} (process ${running.pid}, UI http://${HOST}:${running.uiPort}, by ${recordFile(state)}): use it, stop it, or give this one its own --state DIR and ports`,
      );
    // After a killed session its guard is still ending what was left: give it time.
    const patience = Date.now() + (readRecord(state) ? 15_000 : 0);
    const ports = {
      '--temporal-port': temporalPort,
      '--ui-port': uiPort,
      '--engine-port': enginePort,
    };
    for (const [option, port] of Object.entries(ports))
      while (!(await isFree(port))) {
        if (Date.now() > patience)
          throw new StackRefused(
            `port ${port} is taken by another program: end it, or choose another port with ${option}`,
          );
        await sleep(250);
      }
  }

  async #begin(service: Service, signal: AbortSignal): Promise<void> {
    this.#services.push(service);
    await service.start(signal);
  }

  #temporal(): Service {
    const { state, temporalPort, uiPort, config } = this.#options;
    const namespace = config.temporal.namespace;
    return this.#service({
      name: 'temporal',
      command: [
        temporalBinary(),
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
    const { state, enginePort, config } = this.#options;
    return this.#service({
      name: 'engine',
      command: [
        ...([process.execPath, program('../engine/main')] as [string, string]),
        ...['--port', `${enginePort}`, '--state', join(state, 'engine')],
        ...['--config', JSON.stringify(config.engine)],
      ],
      ready: () => engineAnswers(enginePort),
      readyTimeoutMs: READY_MS,
      stopTimeoutMs: 15_000,
    });
  }

  #worker(): Service {
    const { config, configFile } = this.#options;
    return this.#service({
      name: 'worker',
      command: [process.execPath, program('../cli/semievol'), 'worker', '--config', configFile],
      ready: () => this.#client!.hasWorker(),
      readyTimeoutMs: READY_MS,
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
