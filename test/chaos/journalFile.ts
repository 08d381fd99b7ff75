import { once } from 'node:events';
import { closeSync, type FSWatcher, fstatSync, openSync, readSync, watch } from 'node:fs';
import type { JournalEntry } from '../../testing/requests.ts';

/** The journal of a provider that is another process, read while that writes it. */
export class JournalFile {
  readonly #file: number;
  readonly #watcher: FSWatcher;
  readonly #entries = new Map<string, JournalEntry>();
  /** Where the first line begins that has not been read. */
  #position = 0;

  constructor(path: string) {
    this.#file = openSync(path, 'r');
    this.#watcher = watch(path);
  }

  /** All there is by now. */
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

  /** Resolves when the predicate holds. @throws when the signal aborts */
  async until(predicate: (entries: JournalEntry[]) => boolean, signal: AbortSignal): Promise<void> {
    while (!predicate(this.read())) await once(this.#watcher, 'change', { signal });
  }

  close(): void {
    this.#watcher.close();
    closeSync(this.#file);
  }
}
