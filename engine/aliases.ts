import path from 'node:path';
import { now, readAllJson, writeJson } from './storage.ts';

/** A name that stands for a model, now for this one. */
export interface Alias {
  /** The name. */
  id: string;
  model: string;
  /** Unix seconds. */
  created: number;
}

const LOST_ALIAS = 'delete it; promoting the champion again makes it anew';

/** Aliases on disk, a file each, written before it is told to anyone. */
export class AliasStore {
  readonly #folder: string;
  readonly #aliases = new Map<string, Alias>();
  #written: Promise<unknown> = Promise.resolve();

  private constructor(folder: string) {
    this.#folder = folder;
  }

  static async open(folder: string): Promise<AliasStore> {
    const store = new AliasStore(folder);
    for await (const alias of readAllJson<Alias>(folder, LOST_ALIAS))
      store.#aliases.set(alias.id, alias);
    return store;
  }

  get(id: string): Alias | undefined {
    return this.#aliases.get(id);
  }

  list(): Alias[] {
    return [...this.#aliases.values()];
  }

  /** Lets a name stand for a model, after the changes asked for before. */
  async point(id: string, model: string): Promise<void> {
    const alias = { id, model, created: now() };
    const file = path.join(this.#folder, `${encodeURIComponent(id)}.json`);
    const change = this.#written.then(async () => {
      await writeJson(file, alias);
      this.#aliases.set(id, alias);
    });
    this.#written = change.catch(() => undefined);
    return change;
  }
}
