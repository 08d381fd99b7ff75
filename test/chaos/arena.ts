import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import getPort from 'get-port';
import { connectClient, type SemiEvolClient } from '../../client/client.ts';
import { RunFailed } from '../../client/errors.ts';
import { type Config, defineConfig } from '../../config/config.ts';
import type { RoundReport } from '../../core/roundReport.ts';
import type { RunSpec } from '../../core/spec.ts';
import { temporalBinary } from '../../engine/setup.ts';
import type { Fault } from '../../testing/faults.ts';
import type { QuirkName } from '../../testing/quirks/index.ts';
import { writeConfig } from '../support/configFile.ts';
import { JournalFile } from './journalFile.ts';
import { type Program, Service } from './service.ts';

const HOST = '127.0.0.1';
const WORKERS = 2;
const program = (file: string) => new URL(`../../${file}`, import.meta.url).pathname;

export interface ArenaOptions {
  /** An empty folder for all state and logs. */
  folder: string;
  /** Of every chat and embedding request. */
  latencyMs: number;
  /** Looks at a job. */
  pollSeconds: number;
  faultRate: number;
  /** Of answers and faults. */
  seed: number;
  /** Of the provider. Default: none. */
  quirks?: QuirkName[];
  /** Of the endpoint. Default: that of configurations. */
  finalAfterSeconds?: number;
  /** Where the store is. Default: in `folder`. */
  storeFolder?: string;
}

/** How an evolution ended. */
export interface Evolved {
  reports: RoundReport[];
  /** Why it failed. */
  failure?: string;
}

/** The whole stack as processes: Temporal server, provider (the gateway) and two workers. */
export class Arena {
  readonly config: Config;
  readonly server: Service;
  readonly gateway: Service;
  readonly workers: Service[];
  readonly journal: JournalFile;
  readonly #client: SemiEvolClient;

  static async open(options: ArenaOptions): Promise<Arena> {
    const { folder, latencyMs, pollSeconds, faultRate, seed, quirks = [] } = options;
    const { finalAfterSeconds } = options;
    await mkdir(join(folder, 'logs'), { recursive: true });
    const [temporalPort, gatewayPort] = [await getPort(), await getPort()];
    const config = defineConfig({
      temporal: { address: `${HOST}:${temporalPort}` },
      store: { uri: join(options.storeFolder ?? folder, 'store') },
      endpoints: {
        local: {
          baseURL: `http://${HOST}:${gatewayPort}/v1`,
          ...{ pollSeconds, finalAfterSeconds, maxInFlight: 4, requestTimeoutSeconds: 10 },
        },
      },
    });
    const configFile = await writeConfig(folder, config);
    const start = (name: string, rest: Omit<Program, 'name' | 'folder' | 'logFile'>) =>
      new Service({ name, folder, logFile: join(folder, 'logs', `${name}.log`), ...rest });
    const node = (name: string, file: string, args: string[], isReady: Program['isReady']) =>
      start(name, { command: process.execPath, args: [program(file), ...args], isReady });

    const server = start('server', {
      command: temporalBinary(),
      args: [
        ...['server', 'start-dev', '--headless', '--ip', HOST, '--port', `${temporalPort}`],
        ...['--db-filename', join(folder, 'temporal.db'), '--log-level', 'error'],
      ],
      isReady: (line) => line.startsWith('Temporal Server:'),
    });
    const gateway = node(
      'gateway',
      'testing/main.ts',
      [
        ...['--port', `${gatewayPort}`, '--state', join(folder, 'provider')],
        ...['--seed', `${seed}`, '--latency-ms', `${latencyMs}`, '--job-script', 'queues'],
        ...['--fault-rate', `${faultRate}`, '--fault-seed', `${seed}`],
        ...quirks.flatMap((quirk) => ['--quirk', quirk]),
      ],
      (line) => line.startsWith('http'),
    );
    const services = [server, gateway];
    try {
      await Promise.all(services.map((service) => service.ready()));
      const workers = Array.from({ length: WORKERS }, (_, index) =>
        node(`worker-${index + 1}`, 'cli/semievol.ts', ['worker', '--config', configFile], (line) =>
          line.includes('polls task queue'),
        ),
      );
      services.push(...workers);
      await Promise.all(workers.map((worker) => worker.ready()));
      const journal = new JournalFile(join(folder, 'provider', 'journal.jsonl'));
      const client = await connectClient(config);
      return new Arena(config, server, gateway, workers, journal, client);
    } catch (error) {
      await Promise.all(services.map((service) => service.stop()));
      throw error;
    }
  }

  private constructor(
    config: Config,
    server: Service,
    gateway: Service,
    workers: Service[],
    journal: JournalFile,
    client: SemiEvolClient,
  ) {
    this.config = config;
    this.server = server;
    this.gateway = gateway;
    this.workers = workers;
    this.journal = journal;
    this.#client = client;
  }

  /**
   * Runs an evolution to its end, however often the server goes away meanwhile.
   * @throws when the signal aborts
   */
  async evolve(spec: RunSpec, signal: AbortSignal): Promise<Evolved> {
    const run = await this.#client.start(spec);
    for (;;) {
      signal.throwIfAborted();
      try {
        await run.result({ signal });
        const { rounds } = await run.reports();
        return { reports: rounds };
      } catch (error) {
        if (error instanceof RunFailed) return { reports: [], failure: error.messages.at(-1) };
        await sleep(500, undefined, { signal });
      }
    }
  }

  /** Spoils every request to the provider, until it is called without a fault. */
  async spoil(fault?: Fault): Promise<void> {
    await fetch(new URL('/__fault', this.config.endpoints.local!.baseURL), {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ fault }),
    });
  }

  async close(): Promise<void> {
    this.journal.close();
    await this.#client.close();
    const services = [...this.workers, this.gateway, this.server];
    await Promise.all(services.map((service) => service.stop()));
  }
}
