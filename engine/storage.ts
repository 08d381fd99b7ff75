import { randomBytes } from 'node:crypto';
import { rename, rm, writeFile } from 'node:fs/promises';

/** Unix time in whole seconds, as OpenAI's objects carry it. */
export const now = (): number => Math.floor(Date.now() / 1000);

/** An id whose alphabetical order is the order of creation. */
export const newId = (prefix: string): string =>
  `${prefix}-${Date.now().toString(16).padStart(12, '0')}${randomBytes(6).toString('hex')}`;

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
