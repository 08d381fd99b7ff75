import { randomBytes } from 'node:crypto';
import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { SemiEvolError } from '../core/errors.ts';

/** Unix time in whole seconds, as OpenAI's objects carry it. */
export const now = (): number => Math.floor(Date.now() / 1000);

/** An id whose alphabetical order is the order of creation. */
export const newId = (prefix: string): string =>
  `${prefix}-${Date.now().toString(16).padStart(12, '0')}${randomBytes(6).toString('hex')}`;

/** A file of the engine's state cannot be read; the message names it and what to do. */
export class StateError extends SemiEvolError {
  override readonly name = 'StateError';
}

/** An object as `writeJson` stored it. @param remedy what to do where it is damaged @throws StateError */
export const readJson = async <T extends { id: string }>(
  file: string,
  remedy: string,
): Promise<T> => {
  const text = await readFile(file, 'utf8');
  const value = parseJson(text) as T | undefined;
  if (typeof value?.id === 'string') return value;
  throw new StateError(`${file} is ${text.trim() === '' ? 'empty' : 'damaged'}: ${remedy}`);
};

/**
 * Every object that lies in a folder as a file of its own; the folder is made where it is not there.
 * @throws StateError as {@link readJson}
 */
export async function* readAllJson<T extends { id: string }>(
  folder: string,
  remedy: string,
): AsyncGenerator<T> {
  await mkdir(folder, { recursive: true });
  for (const name of await readdir(folder))
    if (name.endsWith('.json')) yield readJson<T>(join(folder, name), remedy);
}

/** undefined for what is no JSON */
export const parseJson = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
};

/** Writes JSON so that the file is never seen half written. */
export const writeJson = async (file: string, value: unknown): Promise<void> => {
  const partial = `${file}.${randomBytes(4).toString('hex')}.partial`;
  try {
    await writeFile(partial, JSON.stringify(value));
    await rename(partial, file);
  } catch (error) {
    await rm(partial, { force: true });
    throw error;
  }
};
