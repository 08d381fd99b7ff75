import { log } from '@temporalio/activity';
import { type Activities, createActivities } from '../activities/index.ts';
import type { Config } from '../config/config.ts';
import { Registry } from '../core/registry.ts';
import { Endpoints } from '../providers/endpoint.ts';
import { Trainers } from '../providers/trainers/index.ts';
import { openStore } from '../store/store.ts';

interface Opened {
  activities: Activities;
  close(): void;
}

/**
 * What the workers of one plugin share: store and endpoints, and the activities over them. Opened
 * when the first worker starts, closed when the last has stopped.
 */
export class Resources {
  readonly #config: Config;
  #users = 0;
  #opening?: Promise<Opened>;
  #opened?: Opened;

  constructor(config: Config) {
    this.#config = config;
  }

  /** @throws Error while no worker runs */
  get activities(): Activities {
    if (!this.#opened) throw new Error('the store is closed: no worker of this plugin is running');
    return this.#opened.activities;
  }

  /** Keeps all open while `work` goes on. @throws StoreError where the store cannot be written to */
  async during(work: () => Promise<void>): Promise<void> {
    this.#users++;
    try {
      this.#opening ??= open(this.#config);
      this.#opened = await this.#opening;
      await work();
    } finally {
      if (--this.#users === 0) {
        this.#opened?.close();
        this.#opened = this.#opening = undefined;
      }
    }
  }
}

async function open(config: Config): Promise<Opened> {
  const { store: place, endpoints, worker, extensions, announce } = config;
  const store = await openStore({ uri: place.uri, storageOptions: place.options });
  return {
    activities: createActivities({
      store,
      endpoints: new Endpoints(endpoints, (notice) => log.warn(notice)),
      trainers: new Trainers(extensions.trainers),
      registry: new Registry(extensions),
      shutdownGraceMs: worker.shutdownGraceSeconds * 1000,
      trainingFolders: worker.trainingFolders,
      announce,
    }),
    close: () => store.close(),
  };
}
