import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { withFolder } from '../../data/scratch.ts';

const HOLD = `
  const { withFolder } = await import(${JSON.stringify(new URL('../../data/scratch.ts', import.meta.url))});
  await withFolder(async (folder) => {
    process.stdout.write(folder);
    await new Promise(() => setInterval(() => {}, 1e6));
  });
`;

describe('folders for what is temporary', () => {
  let place: string;
  const before = process.env.TMPDIR;
  const holders: ChildProcess[] = [];
  beforeEach(async () => {
    place = await mkdtemp(join(tmpdir(), 'semievol-scratch-'));
    process.env.TMPDIR = place;
  });
  afterEach(async () => {
    for (const holder of holders.splice(0)) await kill(holder);
    if (before === undefined) delete process.env.TMPDIR;
    else process.env.TMPDIR = before;
    await rm(place, { recursive: true });
  });

  /** Another process that holds a folder. */
  async function hold(): Promise<{ holder: ChildProcess; name: string }> {
    const holder = spawn(process.execPath, ['--input-type=module', '-e', HOLD], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    holders.push(holder);
    const [folder] = await once(holder.stdout!, 'data');
    return { holder, name: basename(String(folder)) };
  }
  async function kill(holder: ChildProcess): Promise<void> {
    if (holder.exitCode !== null || holder.signalCode !== null) return;
    holder.kill('SIGKILL');
    await once(holder, 'exit');
  }
  /** What is there while a folder of our own is. */
  const others = () =>
    withFolder(async (folder) =>
      (await readdir(place)).filter((name) => name !== basename(folder)).sort(),
    );

  it('are removed, also after a failure', async () => {
    await assert.rejects(
      withFolder(() => Promise.reject(new Error('no luck'))),
      /no luck/,
    );
    assert.deepEqual(await readdir(place), []);
  });

  it('of killed processes are swept, those of living ones and of others stay', async () => {
    await mkdir(join(place, 'semievol-training-of-a-user'));
    const [killed, living] = [await hold(), await hold()];
    assert.equal((await others()).length, 3);
    await kill(killed.holder);
    assert.deepEqual(await others(), [living.name, 'semievol-training-of-a-user'].sort());
  });

  it('of a process whose number was given again are swept', async () => {
    const { holder, name } = await hold();
    const again = name.replace(`-${holder.pid}-`, `-${process.pid}-`);
    await mkdir(join(place, again));
    assert.deepEqual(await others(), [name]);
  });
});
