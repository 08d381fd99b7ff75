import type { RoundReport } from '../../core/roundReport.ts';
import type { RunSpec } from '../../core/spec.ts';
import { openStore, type Store } from '../../store/store.ts';
import type { Batch } from '../../testing/batches.ts';
import type { Scripted } from '../../testing/book.ts';
import type { Job } from '../../testing/jobs.ts';
import type { JournalEntry } from '../../testing/requests.ts';
import { Shelf } from '../../testing/shelf.ts';
import { unstored } from './accounts.ts';
import { Arena, type ArenaOptions, type Evolved } from './arena.ts';
import { type Account, told } from './books.ts';
import { leftRunning } from './left.ts';
import { contradictions } from './recount.ts';
import { readTables, type Tables } from './tables.ts';

/** What a run leaves behind. */
export interface Outcome {
  dataset: string;
  tables: Tables;
  /** Where its reports say otherwise than its tables. */
  contradictions: string[];
  journal: JournalEntry[];
  jobs: Job[];
  batches: Batch[];
  /** What its reports say that it has paid for. */
  told: Account;
  /** What of it goes on, or stands, though it has ended. */
  left: string[];
  /** Requests whose answers are not in the store. */
  unstored: number;
  /** Epoch milliseconds. */
  begunAt: number;
  endedAt: number;
  /** How often a worker ended by itself. */
  workerExits: number;
  /** Why it failed. */
  failure?: string;
}

/** A run under way. */
export interface Scene {
  arena: Arena;
  store: Store;
  /** Aborts when the run has ended. */
  signal: AbortSignal;
}

/**
 * Runs an evolution on a stack of its own, and reads what it leaves behind.
 * @param meanwhile what is to happen while it runs
 * @throws when the signal aborts
 */
export async function run(
  options: ArenaOptions,
  spec: RunSpec,
  signal: AbortSignal,
  meanwhile: (scene: Scene) => Promise<void> = async () => {},
): Promise<Outcome> {
  const arena = await Arena.open(options);
  const ended = new AbortController();
  let store: Store | undefined;
  let evolution: Promise<Evolved> | undefined;
  try {
    store = await openStore(arena.config.store);
    const begunAt = Date.now();
    const scene = { arena, store, signal: AbortSignal.any([signal, ended.signal]) };
    evolution = arena.evolve(spec, scene.signal).finally(() => ended.abort());
    const [{ reports, failure }] = await Promise.all([evolution, meanwhile(scene)]);
    const endedAt = Date.now();
    const journal = arena.journal.read();
    const { endpoints, kept } = recordsOf(arena);
    const all = <T>(name: string) =>
      kept
        .flatMap((folder) => new Shelf<Scripted<T>>(folder, name).values())
        .map(({ item }) => item);
    const [jobs, batches] = [all<Job>('jobs'), all<Batch>('batches')];
    return {
      ...(failure ? NOTHING : await results(store, journal, spec, reports)),
      ...{ journal, jobs, batches },
      told: told(reports, endpoints),
      left: await leftRunning(options.place, { arena, folder: options.folder, jobs, batches }),
      begunAt,
      endedAt,
      workerExits: arena.workers.reduce((sum, worker) => sum + worker.exits, 0),
      failure,
    };
  } finally {
    ended.abort();
    await evolution?.catch(() => undefined);
    store?.close();
    await arena.close();
  }
}

/** Which endpoints keep records, and in which folders. */
function recordsOf({ stands }: Arena) {
  const keeping = stands.flatMap(({ endpoint, state }) => (state ? [{ endpoint, state }] : []));
  return {
    endpoints: keeping.map(({ endpoint }) => endpoint),
    kept: keeping.map(({ state }) => state),
  };
}

/** The results of a run that failed: all is lost. */
const NOTHING = { dataset: '', tables: {}, contradictions: [], unstored: 0 };

async function results(
  store: Store,
  journal: JournalEntry[],
  spec: RunSpec,
  reports: RoundReport[],
) {
  const [model] = await store.models.list({ run: spec.name });
  const { dataset } = model!;
  return {
    dataset,
    tables: await readTables(store, dataset, spec, reports),
    contradictions: await contradictions(store, dataset, spec, reports),
    unstored: await unstored(journal, store, dataset, spec),
  };
}
