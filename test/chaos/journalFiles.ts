import { once } from 'node:events';
import { closeSync, type FSWatcher, fstatSync, openSync, readSync, watch } from 'node:fs';
import type { JournalEntry } from '../../testing/requests.ts';

/** The journals of providers that are other processes, as one, read while these write them. */
export class JournalFiles {
  readonly #files: JournalFile[];

  constructor(paths: readonly string[]) {
    this.#files = paths.map((path) => new JournalFile(path));
  }

  /** All there is by now, in order of arrival. */
  read(): JournalEntry[] {
    return this.#files
      .flatMap((file) => file.read())
      .sort((a, b) => a.arrivedAt - b.arrivedAt || a.index - b.index);
  }

  /** Resolves when the predicate holds. @throws when the signal aborts */
  async until(predicate: (entries: JournalEntry[]) => boolean, signal: AbortSignal): Promise<void> {
    while (!predicate(this.read())) {
      const other = new AbortController();
      const either = AbortSignal.any([signal, other.signal]);
      await Promise.race(this.#files.map((file) => file.changed(either))).finally(() =>
        other.abort(),
      );
      signal.throwIfAborted();
    }
  }

  close(): void {
    for (const file of this.#files) file.close();
  }
}

class JournalFile {
  readonly #file: number;
  readonly #watcher: FSWatcher;
  readonly #entries = new Map<string, JournalEntry>();
  /** Where the first line begins that has not been read. */
  #position = 0;

  constructor(path: string) {
    this.#file = openSync(path, 'r');
    this.#watcher = watch(path);
  }

  read(): JournalEntry[] {
    const news = Buffer.alloc(Math.max(0, fstatSync(this.#file).size - this.#position));
    const length = readSync(this.#file, news, 0, news.length, this.#position);
    const end = news.subarray(0, length).lastIndexOf(10) + 1;
    this.#position += end;
    for (const line of news.toString('utf8', 0, end).split('\n')) {
      if (line === '') continue;
      const { key, value } = JSON.parse(line) as { key: string; value: JournalEntry };
      this.#entries.set(key, value);
    }
    return [...this.#entries.values()];
  }

  /** Resolves at the next change, or when the signal aborts. */
  async changed(signal: AbortSignal): Promise<void> {
    await once(this.#watcher, 'change', { signal }).catch(() => undefined);
  }

  close(): void {
    this.#watcher.close();
    closeSync(this.#file);
  }
}
