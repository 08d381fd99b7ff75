import { spawn } from 'node:child_process';
import type { Socket } from 'node:net';
import { extname, join } from 'node:path';

/** Its ending is that of this very file: .ts in the sources, .js when built. */
const KEEPER_PROGRAM = join(import.meta.dirname, `keeper${extname(import.meta.filename)}`);

/** Attempts whose keeper runs, or begins to: another one would end at once. */
const kept = new Set<string>();

/**
 * Starts a keeper for an attempt, which runs its command for as long as this process lives, and looks
 * for a free slot itself.
 */
export function keep(attempt: string, slots: string, most: number): void {
  if (kept.has(attempt)) return;
  kept.add(attempt);
  const keeper = spawn(process.execPath, [KEEPER_PROGRAM, attempt, slots, String(most)], {
    // A group of its own, which it leads: all of it is ended by it.
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  const forget = () => kept.delete(attempt);
  keeper.once('error', forget).once('exit', forget).unref();
  // The pipe is closed when this process ends, however that comes about.
  (keeper.stdin as Socket).on('error', () => {}).unref();
}
