import { Shelf } from './shelf.ts';
import { digest } from './wire.ts';

/** One request as the provider saw it. */
export interface JournalEntry {
  /** 1, 2, 3, … in order of arrival. */
  index: number;
  method: string;
  /** Without the base path and the query, e.g. `/chat/completions`. */
  path: string;
  /** Of method, URL and JSON body: the same request has the same digest. */
  digest: string;
  /** How often this digest has been seen, this time included. */
  attempt: number;
  model?: string;
  seed?: number;
  n?: number;
  metadata?: Record<string, string>;
  /** It asks for next to nothing, to find out whether a model is there and how it is asked. */
  isProbe?: true;
  /** Of the answer that was made (and would be charged), also where its sending was cut. */
  status?: number;
  /** Name or status of the fault that was put in its way. */
  fault?: string;
  /** Whether the whole answer was sent before the client went away. */
  delivered?: boolean;
  /** Epoch milliseconds. */
  arrivedAt: number;
  answeredAt?: number;
}

/** What a request carried, in the fields a journal or a fault plan is interested in. */
export type RequestBody = Partial<Pick<JournalEntry, 'model' | 'seed' | 'n' | 'metadata'>> &
  Record<string, unknown>;

/** Every request in order, and a way to await what it will hold. */
export class Journal {
  readonly entries: JournalEntry[];
  readonly #shelf: Shelf<JournalEntry>;
  readonly #seen = new Map<string, number>();
  readonly #waiting = new Set<{
    isDone: () => boolean;
    resolve: () => void;
    reject: (error: Error) => void;
  }>();

  /** @param folder keeps the journal; without one it is in memory only */
  constructor(folder?: string) {
    this.#shelf = new Shelf(folder, 'journal');
    this.entries = this.#shelf.values();
    for (const entry of this.entries) this.#seen.set(entry.digest, entry.attempt);
  }

  record(method: string, url: string, path: string, body: RequestBody | undefined): JournalEntry {
    const key = digest(method, url, body);
    const attempt = (this.#seen.get(key) ?? 0) + 1;
    this.#seen.set(key, attempt);
    const { model, seed, n, metadata } = body ?? {};
    const entry: JournalEntry = {
      index: this.entries.length + 1,
      ...{ method, path, digest: key, attempt, model, seed, n, metadata },
      ...(isProbe(body) && { isProbe: true as const }),
      arrivedAt: Date.now(),
    };
    this.entries.push(entry);
    this.changed(entry);
    return entry;
  }

  /** Requests to a path that are no probes; only those answered with `status` where one is given. */
  count(
    path: string,
    { method = 'POST', status }: { method?: string; status?: number } = {},
  ): number {
    return this.entries.filter(
      (entry) =>
        entry.path === path &&
        entry.method === method &&
        !entry.isProbe &&
        (status === undefined || entry.status === status),
    ).length;
  }

  /** How many answers to a path were made again for a request that had been answered before. */
  repeats(path: string): number {
    const answered = this.entries.filter(
      (entry) => entry.path === path && entry.status === 200 && !entry.isProbe,
    );
    return answered.length - new Set(answered.map((entry) => entry.digest)).size;
  }

  /** Resolves once the predicate holds; it is asked at every request and every answer. */
  waitFor(predicate: (journal: Journal) => boolean): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#waiting.add({ isDone: () => predicate(this), resolve, reject });
      this.#notify();
    });
  }

  /** To be called when an entry has been added or has changed. */
  changed(entry: JournalEntry): void {
    this.#shelf.set(String(entry.index), entry);
    this.#notify();
  }

  /** Fails whoever still waits. */
  close(): void {
    for (const one of this.#waiting) one.reject(new Error('The provider was closed.'));
    this.#waiting.clear();
  }

  #notify(): void {
    for (const one of this.#waiting)
      if (one.isDone()) {
        this.#waiting.delete(one);
        one.resolve();
      }
  }
}

function isProbe(body: RequestBody = {}): boolean {
  const { max_tokens, max_completion_tokens, input } = body;
  return (
    (max_tokens ?? max_completion_tokens) === 1 || (Array.isArray(input) && `${input}` === 'yes')
  );
}
