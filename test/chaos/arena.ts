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
import type { JournalEntry } from '../../testing/requests.ts';
import { writeConfig } from '../support/configFile.ts';
import { JournalFiles } from './journalFiles.ts';
import type { Place, Stand, Surroundings } from './places/place.ts';
import { type Program, Service } from './service.ts';

const HOST = '127.0.0.1';
const WORKERS = 2;
const program = (file: string) => new URL(`../../${file}`, import.meta.url).pathname;

/** Its folder is to be empty: all state and logs go there. */
export interface ArenaOptions extends Surroundings {
  place: Place;
  /** Looks at a job. */
  pollSeconds: number;
  /** Of the endpoints. Default: that of configurations. */
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

/** A stand, at its address. */
interface Placed extends Stand {
  port: number;
  address: string;
}

interface Parts {
  config: Config;
  stands: Placed[];
  server: Service;
  gateways: Service[];
  workers: Service[];
  journal: JournalFiles;
  client: SemiEvolClient;
}

/** The whole stack as processes: Temporal server, two workers, and what answers at the place. */
export class Arena {
  readonly config: Config;
  readonly server: Service;
  /** What answers: that which trains comes first. */
  readonly gateways: Service[];
  readonly workers: Service[];
  readonly stands: readonly Placed[];
  /** Of the providers; the engine has none. */
  readonly journal: JournalFiles;
  /** From outside, whether the server is there or not. */
  readonly client: SemiEvolClient;

  static async open(options: ArenaOptions): Promise<Arena> {
    const { folder, place, pollSeconds, finalAfterSeconds } = options;
    await mkdir(join(folder, 'logs'), { recursive: true });
    const temporalPort = await getPort();
    const stands: Placed[] = [];
    for (const stand of place.stands(options)) {
      const port = await getPort();
      stands.push({ ...stand, port, address: `http://${HOST}:${port}` });
    }
    const endpoints = stands.map(({ endpoint, address, path = '/v1', config }) => [
      endpoint,
      {
        baseURL: `${address}${path}`,
        ...{ pollSeconds, finalAfterSeconds, requestTimeoutSeconds: 10 },
        ...config(address),
      },
    ]);
    const config = defineConfig({
      temporal: { address: `${HOST}:${temporalPort}` },
      store: { uri: join(options.storeFolder ?? folder, 'store') },
      endpoints: Object.fromEntries(endpoints),
    });
    const configFile = await writeConfig(folder, config);
    const start = (name: string, rest: Omit<Program, 'name' | 'folder' | 'logFile'>) =>
      new Service({ name, folder, logFile: join(folder, 'logs', `${name}.log`), ...rest });
    const node = (name: string, file: string, args: string[], isReady: Program['isReady']) =>
      start(name, {
        command: process.execPath,
        args: [program(file), ...args],
        isReady,
        env: place.env,
      });

    const server = start('server', {
      command: temporalBinary(),
      args: [
        ...['server', 'start-dev', '--headless', '--ip', HOST, '--port', `${temporalPort}`],
        ...['--db-filename', join(folder, 'temporal.db'), '--log-level', 'error'],
      ],
      isReady: (line) => line.startsWith('Temporal Server:'),
    });
    const gateways = stands.map(({ name, file, args, port, isReady }) =>
      node(name, file, args(port), isReady),
    );
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
      const journal = new JournalFiles(
        stands.flatMap(({ state }) => (state ? [join(state, 'journal.jsonl')] : [])),
      );
      const client = await connectClient(config);
      return new Arena({ config, server, stands, gateways, workers, journal, client });
    } catch (error) {
      await Promise.all(services.map((service) => service.stop()));
      throw error;
    }
  }

  private constructor(parts: Parts) {
    this.config = parts.config;
    this.stands = parts.stands;
    this.server = parts.server;
    this.gateways = parts.gateways;
    this.workers = parts.workers;
    this.journal = parts.journal;
    this.client = parts.client;
  }

  /**
   * Runs an evolution to its end, however often the server goes away meanwhile.
   * @throws when the signal aborts
   */
  async evolve(spec: RunSpec, signal: AbortSignal): Promise<Evolved> {
    const run = await this.client.start(spec);
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
    const kept = this.stands.filter(({ state }) => state !== undefined);
    // Twice: what was there before the first is taken in before the second is answered.
    for (let time = 0; time < 2; time++)
      for (const { address } of kept)
        await (await fetch(new URL('/__journal', address))).arrayBuffer();
    return this.journal.read();
  }

  async close(): Promise<void> {
    this.journal.close();
    await this.client.close();
    const services = [...this.workers, ...this.gateways, this.server];
    await Promise.all(services.map((service) => service.stop()));
  }
}
