import { copyFile } from 'node:fs/promises';
import { join } from 'node:path';
import { finalFailure } from '../../../core/failures.ts';
import { ADAPTER_CONFIG } from './adapter.ts';
import { appear, isThere, readJson, writeWhole } from './files.ts';
import type { StateFolder } from './jobs.ts';
import type { Tool } from './tools/tool.ts';

/** What is kept of a model beside its adapter. */
const RECORD = 'semievol.json';

/** What a training starts from. */
export interface Origin {
  /** The base model, by the name it is served under. */
  base: string;
  /** Folder of the adapter of an earlier stage, which is gone on with. */
  adapter?: string;
}

/** The adapters that came of jobs, each in a folder that is called as the model is, and never changes. */
export class Models {
  readonly #state: StateFolder;
  readonly #weights: string;

  constructor(state: StateFolder, weights: string) {
    this.#state = state;
    this.#weights = weights;
  }

  /**
   * What a model is to those who train from it: a base, or an adapter of ours.
   * @throws ApplicationFailure `NoFineTuning` where the tool cannot start from an adapter
   */
  async originOf(
    model: string,
    tool: Pick<Tool, 'startsFromAdapter' | 'command'>,
  ): Promise<Origin> {
    const base = await this.baseOf(model);
    if (base === undefined) return { base: model };
    if (!tool.startsFromAdapter)
      throw finalFailure(
        'NoFineTuning',
        `${tool.command[0]} cannot go on with the adapter of ${model}: set evolve.from to base in the spec, or give the endpoint another tool`,
      );
    return { base, adapter: this.#state.model(model) };
  }

  /** The base model below an adapter of ours; undefined for a model that is none. */
  async baseOf(model: string): Promise<string | undefined> {
    if (!/^[\w-]+$/.test(model)) return undefined;
    const record = join(this.#state.model(model), RECORD);
    return (await readJson<{ base: string }>(record))?.base;
  }

  /** Copies the adapter of a model into a folder. @returns its files */
  async copy(name: string, folder: string): Promise<string[]> {
    const files = [ADAPTER_CONFIG, this.#weights];
    for (const file of files)
      await copyFile(join(this.#state.model(name), file), join(folder, file));
    return files;
  }

  /** Lays an adapter out under a model's name, unless it is there. */
  async add(name: string, { base, output }: { base: string; output: string }): Promise<void> {
    const folder = this.#state.model(name);
    if (await isThere(folder)) return;
    await appear(folder, async (made) => {
      for (const file of [this.#weights, ADAPTER_CONFIG])
        await copyFile(join(output, file), join(made, file));
      await writeWhole(join(made, RECORD), JSON.stringify({ base }));
    });
  }
}
