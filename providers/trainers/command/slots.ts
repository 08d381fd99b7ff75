import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { numbersIn, readJson, writeFirst } from './files.ts';
import { isAlive, type ProcessIdentity } from './identity.ts';

/**
 * Places for commands that run at one time on a host: a folder each, in it a numbered file for each
 * process that ever had it. The last one has it for as long as it lives, so that nobody has to give
 * a place back.
 */
export class Slots {
  readonly #folder: string;
  readonly #most: number;

  constructor(folder: string, most: number) {
    this.#folder = folder;
    this.#most = most;
  }

  /** Whether one is free now; somebody else may take it first. */
  async hasRoom(): Promise<boolean> {
    for (let slot = 0; slot < this.#most; slot++)
      if ((await this.#next(slot)) !== undefined) return true;
    return false;
  }

  /** Takes a place for as long as the process lives. @returns whether there was one */
  async take(holder: ProcessIdentity): Promise<boolean> {
    for (let slot = 0; slot < this.#most; slot++) {
      const number = await this.#next(slot);
      if (number === undefined) continue;
      if (!(await writeFirst(this.#file(slot, number), JSON.stringify(holder)))) continue;
      const numbers = await numbersIn(join(this.#folder, String(slot)));
      // Who looked long ago may have written below one that has the place by now.
      if (numbers.at(-1) !== number) continue;
      for (const old of numbers.slice(0, -1)) await rm(this.#file(slot, old), { force: true });
      return true;
    }
    return false;
  }

  /** The number by which a slot is taken next; undefined where somebody has it. */
  async #next(slot: number): Promise<number | undefined> {
    const last = (await numbersIn(join(this.#folder, String(slot)))).at(-1);
    if (last === undefined) return 1;
    const holder = await readJson<ProcessIdentity>(this.#file(slot, last));
    return holder && (await isAlive(holder)) ? undefined : last + 1;
  }

  #file(slot: number, number: number): string {
    return join(this.#folder, String(slot), String(number));
  }
}
