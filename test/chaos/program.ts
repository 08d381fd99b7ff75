import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { onInterrupt } from '../../stack/interrupt.ts';

/** What a program of chaos works with. */
export interface Stage {
  folder: string;
  /** Aborts with Ctrl-C. */
  signal: AbortSignal;
  /** Tells a person how far it has come. */
  say(line: string): void;
}

/**
 * Runs it in a folder of its own, or in the one to keep, and prints what it has come to as JSON; the exit
 * code is 1 where that is not fine, and 130 after Ctrl-C.
 */
export async function runAsProgram(
  name: string,
  { keep, json }: { keep?: string; json?: string },
  run: (stage: Stage) => Promise<{ fine: boolean }>,
): Promise<void> {
  const interruption = onInterrupt(() => process.exit(130));
  const { signal } = interruption;
  const folder = keep ? resolve(keep) : await mkdtemp(join(tmpdir(), `semievol-${name}-`));
  try {
    const say = (line: string) => void process.stderr.write(`${line}\n`);
    const result = await run({ folder, signal, say });
    const text = `${JSON.stringify(result, null, 2)}\n`;
    if (json) await writeFile(json, text);
    process.stdout.write(text);
    process.exitCode = result.fine ? 0 : 1;
  } catch (error) {
    process.stderr.write(`${signal.aborted ? 'interrupted' : (error as Error).stack}\n`);
    process.exitCode = signal.aborted ? 130 : 1;
  } finally {
    interruption.release();
    if (!keep) await rm(folder, { recursive: true, force: true });
  }
}
