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
import type { JournalEntry } from '../../testing/requests.ts';
import { writeConfig } from '../support/configFile.ts';
import { JournalFiles } from './journalFiles.ts';
import { type Program, Service } from './service.ts';

const HOST = '127.0.0.1';
const WORKERS = 2;
/** Where the providers keep their state. */
const FOLDERS: Record<string, string> = { gateway: 'provider', cloud: 'cloud' };
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
  /** Whether there are a second provider and the engine, too. Default: false. */
  isSpread?: boolean;
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

/**
 * The whole stack as processes: Temporal server, provider (the gateway) and two workers; where it is
 * spread, a second provider with other limits and capabilities, and the engine.
 */
export class Arena {
  readonly config: Config;
  readonly server: Service;
  /** What answers: the provider that trains comes first. */
  readonly gateways: Service[];
  readonly workers: Service[];
  /** Of the providers; the engine has none. */
  readonly journal: JournalFiles;
  readonly #client: SemiEvolClient;

  static async open(options: ArenaOptions): Promise<Arena> {
    const { folder, latencyMs, pollSeconds, faultRate, seed, quirks = [] } = options;
    const { finalAfterSeconds, isSpread = false } = options;
    await mkdir(join(folder, 'logs'), { recursive: true });
    const temporalPort = await getPort();
    const [gatewayPort, cloudPort, enginePort] = [
      await getPort(),
      await getPort(),
      await getPort(),
    ];
    const at = (port: number, more: object) => ({
      baseURL: `http://${HOST}:${port}/v1`,
      ...{ pollSeconds, finalAfterSeconds, requestTimeoutSeconds: 10 },
      ...more,
    });
    const config = defineConfig({
      temporal: { address: `${HOST}:${temporalPort}` },
      store: { uri: join(options.storeFolder ?? folder, 'store') },
      endpoints: {
        local: at(gatewayPort, { maxInFlight: 4 }),
        ...(isSpread && {
          cloud: at(cloudPort, { maxInFlight: 2 }),
          // One at a time, and it says the same each time.
          engine: at(enginePort, { maxInFlight: 1, requestTimeoutSeconds: 60 }),
        }),
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
    const provider = (name: string, port: number, more: string[]) =>
      node(
        name,
        'testing/main.ts',
        [
          ...['--port', `${port}`, '--state', join(folder, FOLDERS[name]!)],
          ...['--seed', `${seed}`, '--latency-ms', `${latencyMs}`],
          ...['--fault-rate', `${faultRate}`, '--fault-seed', `${seed}`],
          ...more,
        ],
        (line) => line.startsWith('http'),
      );
    const gateways = [
      provider('gateway', gatewayPort, [
        ...['--job-script', 'queues'],
        ...quirks.flatMap((quirk) => ['--quirk', quirk]),
      ]),
      ...(isSpread
        ? [
            provider('cloud', cloudPort, [
              ...['--model', 'large', '--no-n', '--no-logprobs', '--requests-per-second', '50'],
            ]),
            node(
              'engine',
              'engine/main.ts',
              ['--port', `${enginePort}`, '--state', join(folder, 'engine')],
              (line) => line.startsWith('Engine at'),
            ),
          ]
        : []),
    ];
    const services = [server, ...gateways];
    try {
      await Promise.all(services.map((service) => service.ready()));
      const workers = Array.from({ length: WORKERS }, (_, index) =>
        node(`worker-${index + 1}`, 'cli/semievol.ts', ['worker', '--config', configFile], (line) =>
          line.includes('polls task queue'),
        ),
      );
      services.push(...workers);
      await Promise.all(workers.map((worker) => worker.ready()));
      const providers = isSpread ? ['gateway', 'cloud'] : ['gateway'];
      const journal = new JournalFiles(
        providers.map((name) => join(folder, FOLDERS[name]!, 'journal.jsonl')),
      );
      const client = await connectClient(config);
      return new Arena(config, server, gateways, workers, journal, client);
    } catch (error) {
      await Promise.all(services.map((service) => service.stop()));
      throw error;
    }
  }

  private constructor(
    config: Config,
    server: Service,
    gateways: Service[],
    workers: Service[],
    journal: JournalFiles,
    client: SemiEvolClient,
  ) {
    this.config = config;
    this.server = server;
    this.gateways = gateways;
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

  /** The journal once it has all that has been sent: of what is still on its way providers know nothing. */
  async settledJournal(): Promise<JournalEntry[]> {
    const { engine: _, ...providers } = this.config.endpoints;
    // Twice: what was there before the first is taken in before the second is answered.
    for (let time = 0; time < 2; time++)
      for (const { baseURL } of Object.values(providers))
        await (await fetch(new URL('/__journal', baseURL))).arrayBuffer();
    return this.journal.read();
  }

  async close(): Promise<void> {
    this.journal.close();
    await this.#client.close();
    const services = [...this.workers, ...this.gateways, this.server];
    await Promise.all(services.map((service) => service.stop()));
  }
}
