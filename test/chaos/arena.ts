import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { connectClient, type SemiEvolClient } from '../../client/client.ts';
import { RunFailed } from '../../client/errors.ts';
import { type Config, defineConfig } from '../../config/config.ts';
import type { RoundReport } from '../../core/roundReport.ts';
import type { RunSpec } from '../../core/spec.ts';
import { temporalBinary } from '../../engine/setup.ts';
import type { Fault } from '../../testing/faults.ts';
import type { JournalEntry } from '../../testing/requests.ts';
import { writeConfig } from '../support/configFile.ts';
import { portForLater } from '../support/port.ts';
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
  /** The build that the workers are of. Default: they are unversioned. */
  build?: string;
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
  configFile: string;
  stands: Placed[];
  server: Service;
  gateways: Service[];
  startWorkers(build?: string): Service[];
  workers: Service[];
  journal: JournalFiles;
  client: SemiEvolClient;
}

/** Name of the deployment that configurations have, unless they say otherwise. */
const DEPLOYMENT = 'semievol';
/** The server knows of a build within this time. */
const MOST_MS = 60_000;

/** The whole stack as processes: Temporal server, two workers, and what answers at the place. */
export class Arena {
  readonly config: Config;
  /** The same as a file, for commands. */
  readonly configFile: string;
  readonly server: Service;
  /** What answers: that which trains comes first. */
  readonly gateways: Service[];
  readonly #startWorkers: Parts['startWorkers'];
  #workers: Service[];
  readonly stands: readonly Placed[];
  /** Of the providers; the engine has none. */
  readonly journal: JournalFiles;
  /** From outside, whether the server is there or not. */
  readonly client: SemiEvolClient;

  static async open(options: ArenaOptions): Promise<Arena> {
    const { folder, place, pollSeconds, finalAfterSeconds } = options;
    await mkdir(join(folder, 'logs'), { recursive: true });
    const temporalPort = await portForLater();
    const stands: Placed[] = [];
    for (const stand of place.stands(options)) {
      const port = await portForLater();
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
    const node = (
      name: string,
      args: string[],
      isReady: Program['isReady'],
      env: Program['env'] = place.env,
    ) => start(name, { command: process.execPath, args, isReady, env });

    const server = start('server', {
      command: temporalBinary(),
      args: [
        ...['server', 'start-dev', '--headless', '--ip', HOST, '--port', `${temporalPort}`],
        ...['--db-filename', join(folder, 'temporal.db'), '--log-level', 'error'],
      ],
      isReady: (line) => line.startsWith('Temporal Server:'),
    });
    const gateways = stands.map(({ name, file, args, port, isReady }) =>
      node(name, [program(file), ...args(port)], isReady),
    );
    const startWorkers = (build?: string) =>
      Array.from({ length: WORKERS }, (_, index) =>
        node(
          ['worker', ...(build ? [build] : []), index + 1].join('-'),
          [program('cli/semievol.ts'), 'worker', '--config', configFile],
          (line) => line.includes('polls task queue'),
          { ...place.env, ...(build && { TEMPORAL_WORKER_BUILD_ID: build }) },
        ),
      );
    const services = [server, ...gateways];
    try {
      await Promise.all(services.map((service) => service.ready()));
      const workers = startWorkers(options.build);
      services.push(...workers);
      await Promise.all(workers.map((worker) => worker.ready()));
      const journal = new JournalFiles(
        stands.flatMap(({ state }) => (state ? [join(state, 'journal.jsonl')] : [])),
      );
      const client = await connectClient(config);
      const parts = { config, configFile, server, stands, gateways, startWorkers, workers };
      const arena = new Arena({ ...parts, journal, client });
      if (options.build) await arena.#makeCurrent(options.build);
      return arena;
    } catch (error) {
      await Promise.all(services.map((service) => service.stop()));
      throw error;
    }
  }

  private constructor(parts: Parts) {
    this.config = parts.config;
    this.configFile = parts.configFile;
    this.stands = parts.stands;
    this.server = parts.server;
    this.gateways = parts.gateways;
    this.#startWorkers = parts.startWorkers;
    this.#workers = parts.workers;
    this.journal = parts.journal;
    this.client = parts.client;
  }

  get workers(): readonly Service[] {
    return this.#workers;
  }

  /**
   * Starts workers of another build, and makes it current.
   * @returns those of the build before, to be retired when nothing needs them any more
   */
  async deploy(build: string): Promise<readonly Service[]> {
    const [before, others] = [this.#workers, this.#startWorkers(build)];
    this.#workers = [...before, ...others];
    await Promise.all(others.map((worker) => worker.ready()));
    await this.#makeCurrent(build);
    return before;
  }

  /** Stops workers for good. */
  async retire(workers: readonly Service[]): Promise<void> {
    this.#workers = this.#workers.filter((worker) => !workers.includes(worker));
    await Promise.all(workers.map((worker) => worker.stop()));
  }

  /** As `temporal worker deployment set-current-version` does, once the build's workers poll. */
  async #makeCurrent(buildId: string): Promise<void> {
    const { workflowService, options } = this.client.temporal;
    const { namespace } = options;
    const until = Date.now() + MOST_MS;
    for (;;)
      try {
        const wanted = { namespace, deploymentName: DEPLOYMENT, buildId };
        await workflowService.setWorkerDeploymentCurrentVersion(wanted);
        return;
      } catch (error) {
        if (Date.now() > until) throw error;
        await sleep(100);
      }
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
