import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isThere, numbersIn } from './files.ts';

const CANCELLED = 'cancelled';

/** The folder on the machine that trains: all that there is to remember of jobs. */
export class StateFolder {
  readonly path: string;

  constructor(path: string) {
    this.path = path;
  }

  /** A training file, by the id that its upload gave. */
  file(id: string): string {
    return join(this.path, 'files', id);
  }

  /** The adapter of a model, whole once it is there. */
  model(name: string): string {
    return join(this.models, name);
  }

  /** The adapters of all models. */
  get models(): string {
    return join(this.path, 'models');
  }

  /** Models with an adapter merged in, for servers that take no adapters. */
  get fused(): string {
    return join(this.path, 'fused');
  }

  get slots(): string {
    return join(this.path, 'slots');
  }

  /** Ids of the jobs of a name, the oldest first. */
  async jobs(name: string): Promise<string[]> {
    return (await numbersIn(join(this.path, 'jobs', name))).map((number) => `${name}-${number}`);
  }

  /**
   * Makes the job of a name that comes after the last one that was looked at, if there was one.
   * @returns its id; of several that do so after the same, also one after the other, all get the same
   */
  async create(name: string, last?: string): Promise<string> {
    const number = last === undefined ? 1 : Number(last.slice(name.length + 1)) + 1;
    await mkdir(join(this.path, 'jobs', name, String(number)), { recursive: true, mode: 0o700 });
    return `${name}-${number}`;
  }

  /** Where a job is; undefined where there is none of this id. */
  async find(id: string): Promise<string | undefined> {
    const [, name, number] = /^([\w-]+)-(\d+)$/.exec(id) ?? [];
    if (name === undefined) return undefined;
    const folder = join(this.path, 'jobs', name, number!);
    return (await isThere(folder)) ? folder : undefined;
  }
}

/** Marks a job: no command of it is started from then on. */
export const markCancelled = (job: string): Promise<void> => writeFile(join(job, CANCELLED), '');

export const isCancelled = (job: string): Promise<boolean> => isThere(join(job, CANCELLED));
