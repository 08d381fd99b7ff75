import { randomUUID } from 'node:crypto';
import {
  copyFile,
  link,
  mkdir,
  readdir,
  readFile,
  rename,
  rm,
  stat,
  writeFile,
} from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';

const PARTIAL = '.partial';
const beside = (path: string) => `${path}.${randomUUID().slice(0, 8)}${PARTIAL}`;

/** Writes a file so that it is never seen half written. */
export async function writeWhole(path: string, text: string): Promise<void> {
  const partial = beside(path);
  await mkdir(dirname(path), { recursive: true });
  await writeFile(partial, text, { mode: 0o600 });
  await rename(partial, path);
}

/** Copies a file so that the copy is never seen half written. */
export async function copyWhole(from: string, path: string): Promise<void> {
  const partial = beside(path);
  await mkdir(dirname(path), { recursive: true });
  await copyFile(from, partial);
  await rename(partial, path);
}

/** Writes a file unless there is one: of several that do so at once, one succeeds. @returns whether it was this one */
export async function writeFirst(path: string, text: string): Promise<boolean> {
  const partial = beside(path);
  await mkdir(dirname(path), { recursive: true });
  await writeFile(partial, text, { mode: 0o600 });
  try {
    await link(partial, path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  } finally {
    await rm(partial);
  }
}

/**
 * Makes a folder so that it is there whole or not at all. Of several that do so at once the first one's
 * stays: they are to be the same.
 * @param fill gets the folder in the making
 */
export async function appear(path: string, fill: (made: string) => Promise<void>): Promise<void> {
  const partial = beside(path);
  try {
    await mkdir(partial, { recursive: true, mode: 0o755 });
    await fill(partial);
    await rename(partial, path);
  } catch (error) {
    await rm(partial, { recursive: true, force: true });
    if (!(await isThere(path))) throw error;
  }
}

/**
 * Removes a folder, and what whoever was killed while making it has left.
 * @returns whether there was anything
 */
export async function vanish(path: string): Promise<boolean> {
  const names = (await ifThere(readdir(dirname(path)))) ?? [];
  const [whole, made] = [basename(path), `${basename(path)}.`];
  const left = names.filter(
    (name) => name === whole || (name.startsWith(made) && name.endsWith(PARTIAL)),
  );
  for (const name of left) await rm(join(dirname(path), name), { recursive: true, force: true });
  return left.length > 0;
}

export const isThere = async (path: string): Promise<boolean> =>
  (await ifThere(stat(path))) !== undefined;

/** What a file of ours holds; undefined where there is none. */
export async function readJson<T>(path: string): Promise<T | undefined> {
  const text = await ifThere(readFile(path, 'utf8'));
  return text === undefined ? undefined : (JSON.parse(text) as T);
}

/** The numbers by which entries of a folder are called, from the lowest; none where there is no folder. */
export async function numbersIn(folder: string): Promise<number[]> {
  const names = (await ifThere(readdir(folder))) ?? [];
  return names
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .sort((a, b) => a - b);
}

/** What is read; undefined where there is nothing. */
export async function ifThere<T>(read: Promise<T>): Promise<T | undefined> {
  try {
    return await read;
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? ''))
      return undefined;
    throw error;
  }
}
