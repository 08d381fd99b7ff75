import { existsSync } from 'node:fs';
import { readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { execa } from 'execa';
import { parse } from 'yaml';
import type { Catalog, ChatModel } from './catalog.ts';
import { ApiError, badRequest, notFound } from './errors.ts';
import type { BaseModel } from './models.ts';
import type { ModelPool } from './pool.ts';
import { mlxEnvironment, PYTHON_EXECUTABLE } from './settings.ts';

/** As what a tuned model's weights are given out: what training added, or that merged into its base. */
export const FORMS = ['adapter', 'merged'] as const;
export type Form = (typeof FORMS)[number];

/** The files of a tuned model in one form, as `mlx_lm.load` takes them. */
export interface WeightList {
  files: { id: string; bytes: number }[];
  base: BaseModel;
  /** Of the base, as its publisher calls it; null where its folder does not say. */
  license: string | null;
}

/** mlx-lm writes a card without a word in it. */
const LEFT_OUT = ['README.md'];
/** Lines of what a failed merge has said. */
const KEPT = 3;

/** The weights of tuned models, to be taken elsewhere. Merged ones are made when they are asked for, and kept until dropped. */
export class Weights {
  readonly #catalog: Catalog;
  readonly #pool: ModelPool;
  readonly #merging = new Map<string, Promise<void>>();

  constructor(catalog: Catalog, pool: ModelPool) {
    this.#catalog = catalog;
    this.#pool = pool;
  }

  /**
   * The files of a model; merged ones are made first, which takes seconds to minutes.
   * @throws ApiError 404 where there is no such model, 400 where it is not tuned, 500 where it cannot be merged
   */
  async list(id: string, form: Form, signal: AbortSignal): Promise<WeightList> {
    const model = this.#tuned(id);
    const folder = folderOf(model, form);
    if (form === 'merged') await this.#merge(model, folder, signal);
    const names = (await readdir(folder)).filter((name) => !LEFT_OUT.includes(name)).sort();
    const files = names.map(async (name) => ({
      id: name,
      bytes: (await stat(path.join(folder, name))).size,
    }));
    const { base } = model;
    return { files: await Promise.all(files), base, license: await licenseOf(base) };
  }

  /** Where a file of a model lies. @throws ApiError 404 where there is none */
  async file(id: string, form: Form, name: string): Promise<string> {
    const folder = folderOf(this.#tuned(id), form);
    const names = await readdir(folder).catch((): string[] => []);
    if (!names.includes(name)) throw notFound('file', name);
    return path.join(folder, name);
  }

  /** Drops what was merged; the model itself stays. @returns whether there was something */
  async drop(id: string): Promise<boolean> {
    const folder = folderOf(this.#tuned(id), 'merged');
    const wasThere = existsSync(folder);
    await rm(folder, { recursive: true, force: true });
    return wasThere;
  }

  #tuned(id: string): Tuned {
    const { base, adapter } = this.#catalog.chatModel(id);
    if (adapter === null)
      throw badRequest(
        `The model '${id}' is not tuned: its weights are those of its folder.`,
        'model',
      );
    return { base, adapter };
  }

  /** Those who ask for one model at the same time wait for one merging. */
  async #merge(model: Tuned, folder: string, signal: AbortSignal): Promise<void> {
    if (existsSync(folder)) return;
    const merging =
      this.#merging.get(folder) ??
      this.#fuse(model, folder, signal).finally(() => this.#merging.delete(folder));
    this.#merging.set(folder, merging);
    await merging;
  }

  /** In the precision of the base; of a quantised one in floats, since quantising again would change its answers. */
  async #fuse({ base, adapter }: Tuned, folder: string, signal: AbortSignal): Promise<void> {
    const partial = `${folder}.partial`;
    const ended = await this.#pool.beginTraining(base);
    try {
      await rm(partial, { recursive: true, force: true });
      const merge = ['--model', base.folder, '--adapter-path', adapter, '--save-path', partial];
      const { failed, all, shortMessage } = await execa(
        PYTHON_EXECUTABLE,
        ['-m', 'mlx_lm', 'fuse', ...merge, '--dequantize'],
        { env: mlxEnvironment(), all: true, reject: false, cancelSignal: signal },
      );
      if (failed) {
        const lines = all.trim().split('\n').slice(-KEPT).join('\n');
        throw new ApiError(500, `The model cannot be merged: ${lines || shortMessage}`);
      }
      await rename(partial, folder);
    } finally {
      await rm(partial, { recursive: true, force: true });
      ended();
    }
  }
}

type Tuned = Pick<ChatModel, 'base'> & { adapter: string };

const folderOf = ({ adapter }: Tuned, form: Form): string =>
  form === 'adapter' ? adapter : `${adapter}-merged`;

/** What the head of the card in a base model's folder says. */
const licenseOf = async ({ folder, license }: BaseModel): Promise<string | null> => {
  if (license !== undefined) return license;
  const card = await readFile(path.join(folder, 'README.md'), 'utf8').catch(() => '');
  const head = /^---\r?\n([\s\S]*?)\r?\n---/.exec(card)?.[1];
  try {
    const said = head === undefined ? undefined : parse(head)?.license;
    return typeof said === 'string' ? said : null;
  } catch {
    return null; // a head that is no YAML says nothing
  }
};
