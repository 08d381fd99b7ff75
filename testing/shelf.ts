import { appendFileSync, mkdirSync, readFileSync, truncateSync } from 'node:fs';
import { join } from 'node:path';

/**
 * A map of JSON values in order of their first `set`, kept in a file where there is a folder for
 * it: a line for each change, with the kernel before the call returns, so that it survives the
 * process's being killed. Opened again, the last line of a key counts.
 */
export class Shelf<T> {
  readonly #values = new Map<string, T>();
  /** Every key there ever was. */
  readonly #keys = new Set<string>();
  readonly #file: string | undefined;

  constructor(folder: string | undefined, name: string) {
    if (folder === undefined) return;
    mkdirSync(folder, { recursive: true });
    this.#file = join(folder, `${name}.jsonl`);
    appendFileSync(this.#file, '');
    this.#load(this.#file);
  }

  get(key: string): T | undefined {
    return this.#values.get(key);
  }

  /** Also to be called after a value has been changed in place. */
  set(key: string, value: T): void {
    this.#put(key, value);
    this.#write({ key, value });
  }

  delete(key: string): void {
    this.#values.delete(key);
    this.#write({ key });
  }

  values(): T[] {
    return [...this.#values.values()];
  }

  /** `<prefix>-0`, `<prefix>-1`, …: the first that no value has ever had. */
  newKey(prefix: string): string {
    for (let copy = 0; ; copy++) {
      const key = `${prefix}-${copy}`;
      if (!this.#keys.has(key)) return key;
    }
  }

  #put(key: string, value: T): void {
    this.#values.set(key, value);
    this.#keys.add(key);
  }

  #write(line: { key: string; value?: T }): void {
    if (this.#file) appendFileSync(this.#file, `${JSON.stringify(line)}\n`);
  }

  #load(file: string): void {
    const content = readFileSync(file);
    // A line that was being written when the process was killed has no end.
    const end = content.lastIndexOf(10) + 1;
    truncateSync(file, end);
    for (const line of content.toString('utf8', 0, end).split('\n')) {
      if (line === '') continue;
      const { key, value } = JSON.parse(line) as { key: string; value?: T };
      if (value === undefined) this.#values.delete(key);
      else this.#put(key, value);
    }
  }
}
