import { mkdir, rm, statfs, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Session } from '@lancedb/lancedb';
import { isUrl } from '../core/url.ts';
import { Capabilities } from './capabilities.ts';
import { Collected } from './collected.ts';
import { Database } from './database.ts';
import { Dataset } from './dataset.ts';
import { Datasets } from './datasets.ts';
import { explain, StoreError } from './errors.ts';
import { FinishedRuns } from './finishedRuns.ts';
import { Identity } from './identity.ts';
import { Models } from './models.ts';
import { safeName } from './names.ts';
import { Reviews } from './reviews.ts';
import { RunTables } from './run.ts';
import { RunStates } from './runStates.ts';
import { SharedAnswers } from './sharedAnswers.ts';
import { Specs } from './specs.ts';

export interface StoreOptions {
  /** A folder, or `s3://…`, `gs://…`, `az://…` when there is more than one machine. */
  uri: string;
  /** Options of the object storage, as LanceDB names them (`aws_region`, …). */
  storageOptions?: Record<string, string>;
}

const MIB = 1024 ** 2;
/** Nothing is begun in a folder with less space than this. */
const SPACE_NEEDED = 64 * MIB;
/** Databases kept open at the same time. */
const MOST_OPEN = 16;

/**
 * How long object storage may take to answer when a store is opened. One in use is given LanceDB's
 * own patience, many minutes: what waits to be stored was paid for.
 */
const IMPATIENCE = { timeout: '5s', connect_timeout: '5s', client_max_retries: '0' };

/**
 * Opens a store; a local folder is made where it does not exist. Throws StoreError, with the
 * remedy, where it cannot be reached or written to.
 */
export async function openStore(options: StoreOptions): Promise<Store> {
  const store = connectStore(options);
  const place = store.uri;
  try {
    await (isUrl(place) ? tryBucket(place, options.storageOptions) : store.ensureSpace());
    return store;
  } catch (error) {
    store.close();
    throw explain(error, place);
  }
}

/** The store as it is: whether it can be reached shows at its first use. For who only reads. */
export function connectStore({ uri, storageOptions }: StoreOptions): Store {
  const place = uri.startsWith('file:') ? fileURLToPath(uri) : uri.replace(/(?<=.)\/+$/, '');
  return new Store(place, storageOptions);
}

async function tryBucket(uri: string, options?: Record<string, string>): Promise<void> {
  const storageOptions = { ...IMPATIENCE, ...options };
  const database = new Database({ uri, storageOptions, session: new Session() });
  try {
    await database.probe();
  } finally {
    database.close();
  }
}

/**
 * Everything that is kept: data sets, models, and the tables of each run, in LanceDB. Any number of
 * processes may read and write one store at the same time.
 */
export class Store {
  readonly uri: string;
  readonly datasets: Datasets;
  readonly models: Models;
  readonly specs: Specs;
  readonly capabilities: Capabilities;
  readonly finishedRuns: FinishedRuns;
  readonly collected: Collected;
  readonly #identity: Identity;
  readonly #storageOptions: Record<string, string> | undefined;
  // Without bounds the caches of LanceDB grow to gigabytes in a long-lived worker. The first holds
  // the index of the labelled vectors: 15 MiB for 10,000 of 384 dimensions.
  readonly #session = new Session(BigInt(64 * MIB), BigInt(16 * MIB));
  readonly #open = new Map<string, Database>();
  readonly #root: Database;

  constructor(uri: string, storageOptions?: Record<string, string>) {
    this.uri = uri;
    this.#storageOptions = storageOptions;
    this.#root = this.#connect(uri);
    this.datasets = new Datasets(this.#root);
    this.models = new Models(this.#root);
    this.specs = new Specs(this.#root);
    this.capabilities = new Capabilities(this.#root);
    this.finishedRuns = new FinishedRuns(this.#root);
    this.collected = new Collected(this.#root);
    this.#identity = new Identity(this.#root);
  }

  /** Tells this store from every other, for as long as it lasts. */
  identity(): Promise<string> {
    return this.#identity.get();
  }

  dataset(id: string): Dataset {
    return new Dataset((version) => this.#database('datasets', version), this.datasets, id);
  }

  /**
   * The tables of a run over one data set, whichever of its versions is named: what is added has
   * ordinals of its own. Other data has other ordinals, and other tables.
   */
  async run(id: string, dataset: string): Promise<RunTables> {
    const root = await this.datasets.rootOf(dataset);
    return new RunTables(this.#database(`runs/${safeName(id)}`, root));
  }

  /** What people are asked about the examples of a run, and what they have said. */
  reviews(run: string): Reviews {
    return new Reviews(this.#database('reviews', run));
  }

  /** What a run has come to. */
  states(run: string): RunStates {
    return new RunStates(this.#database(`runs/${safeName(run)}`, 'states'));
  }

  /** What runs of a scope have been answered, to be taken over by others of it. */
  shared(scope: string): SharedAnswers {
    return new SharedAnswers(this.#database('shared', scope));
  }

  /**
   * Throws StoreError where the store's folder cannot be written to or has no space left, so that
   * nothing is paid for that could not be kept. Object storage is not asked.
   */
  async ensureSpace(): Promise<void> {
    if (isUrl(this.uri)) return;
    try {
      await checkFolder(this.uri);
    } catch (error) {
      throw explain(error, this.uri);
    }
  }

  close(): void {
    for (const database of this.#open.values()) database.close();
    this.#open.clear();
    this.#root.close();
  }

  /** The database of this folder, the least recently used one making place for it. */
  #database(kind: string, id: string): Database {
    const uri = `${this.uri}/${kind}/${safeName(id)}`;
    const database = this.#open.get(uri) ?? this.#connect(uri);
    this.#open.delete(uri);
    this.#open.set(uri, database);
    const [oldest] = this.#open.keys();
    if (this.#open.size > MOST_OPEN) this.#open.delete(oldest!); // its users may still hold it
    return database;
  }

  #connect(uri: string): Database {
    return new Database({ uri, storageOptions: this.#storageOptions, session: this.#session });
  }
}

async function checkFolder(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  const probe = join(folder, `.probe-${process.pid}`);
  await writeFile(probe, 'can this folder be written to?');
  await rm(probe, { force: true });
  const { bavail, bsize } = await statfs(folder);
  if (bavail * bsize < SPACE_NEEDED) {
    throw new StoreError(
      `Store ${folder}: only ${Math.floor((bavail * bsize) / MIB)} MiB are free on its disk`,
      'Free some space or set another store URI in temporal.config.ts',
    );
  }
}
