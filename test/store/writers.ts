import assert from 'node:assert/strict';
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { StoreOptions } from '../../store/store.ts';

const WRITER = fileURLToPath(new URL('./writer.ts', import.meta.url));

export interface WriterOptions {
  run: string;
  /** Processes. */
  count: number;
  /** Of each: 10 rows with keys of its own, and one with a key that every writer has. */
  appends: number;
}

/**
 * Starts processes that have opened the store and wait.
 * @returns a function that lets all append at once, and resolves when they have ended well
 */
export async function startWriters(
  location: StoreOptions,
  { run, count, appends }: WriterOptions,
): Promise<() => Promise<void>> {
  const children = Array.from({ length: count }, (_, id) =>
    fork(WRITER, [JSON.stringify(location), run, String(appends), String(id)]),
  );
  const ends = children.map((child) => once(child, 'exit'));
  await Promise.all(children.map((child) => once(child, 'message')));
  return async () => {
    for (const child of children) child.send('go');
    const codes = (await Promise.all(ends)).map(([code]) => code);
    assert.deepEqual(
      codes,
      children.map(() => 0),
    );
  };
}
