import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, open, rm, rmdir, statfs } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface, type Interface } from 'node:readline';

const MIB = 1024 ** 2;

/**
 * A small disk that can be filled up and made read-only, for real and without privileges: a tmpfs
 * in a user and mount namespace of a shell, seen through `/proc`. It goes when the shell goes.
 */
export class Disk {
  /** Where the disk is; it has no other path in this process. */
  readonly folder: string;
  readonly #mountPoint: string;
  readonly #shell: ChildProcessWithoutNullStreams;
  readonly #lines: Interface;

  /** @throws Error with the shell's complaint where namespaces or mounts are not allowed */
  static async open({ size }: { size: number }): Promise<Disk> {
    const mountPoint = await mkdtemp(join(tmpdir(), 'semievol-disk-'));
    const shell = spawn('sh', ['-c', 'exec unshare --user --map-root-user --mount sh 2>&1']);
    const disk = new Disk(mountPoint, shell);
    try {
      await disk.#run(`mount -t tmpfs -o size=${size} semievol ${mountPoint}`);
      return disk;
    } catch (error) {
      await disk.close();
      throw error;
    }
  }

  private constructor(mountPoint: string, shell: ChildProcessWithoutNullStreams) {
    this.#mountPoint = mountPoint;
    this.#shell = shell;
    this.#lines = createInterface(shell.stdout);
    this.folder = `/proc/${shell.pid}/root${mountPoint}`;
    shell.stdin.on('error', () => {}); // a shell that has ended is reported by #run
  }

  /** Leaves this many bytes free; pages are filled whole. */
  async fill({ leave = 0 } = {}): Promise<void> {
    await using filler = await open(this.#filler, 'a');
    const { bavail, bsize } = await statfs(this.folder);
    const excess = bavail * bsize - leave;
    if (excess > 0)
      await filler.appendFile(Buffer.alloc(excess)).catch((error) => {
        if (error.code !== 'ENOSPC') throw error; // others write too
      });
    else await filler.truncate((await filler.stat()).size + excess);
  }

  /** Takes away what {@link fill} has put there. */
  async clear(): Promise<void> {
    await rm(this.#filler, { force: true });
  }

  async remount(mode: 'ro' | 'rw'): Promise<void> {
    await this.#run(`mount -o remount,${mode} ${this.#mountPoint}`);
  }

  async close(): Promise<void> {
    if (this.#shell.exitCode === null) {
      const end = once(this.#shell, 'exit');
      this.#shell.stdin.end();
      await end;
    }
    await rmdir(this.#mountPoint);
  }

  get #filler(): string {
    return join(this.folder, 'filler');
  }

  async #run(command: string): Promise<void> {
    const answer = Promise.race([once(this.#lines, 'line'), once(this.#lines, 'close')]);
    this.#shell.stdin.write(`${command} && echo done\n`);
    const [line = 'it has ended'] = await answer;
    if (line !== 'done') throw new Error(`${command}: ${line}`);
  }
}

/** Why tests that need a {@link Disk} cannot run here; undefined where they can. */
export async function whyNoDisk(): Promise<string | undefined> {
  try {
    const disk = await Disk.open({ size: MIB });
    await disk.close();
    return undefined;
  } catch (error) {
    return `a tmpfs in a user namespace is needed: ${(error as Error).message}`;
  }
}
