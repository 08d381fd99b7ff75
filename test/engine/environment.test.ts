import assert from 'node:assert/strict';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { execa } from 'execa';
import { after, before, describe, it } from 'mocha';
import { ensureEnvironment, isReady } from '../../engine/environment.ts';
import { cudaFile } from '../../engine/settings.ts';
import { ENGINE_ENVIRONMENT } from '../../engine/setup.ts';
import { temporaryFolder } from './support.ts';

describe('engine: a Python environment', () => {
  let root: string;
  let folder: string;
  let requirements: string;
  let locked: string;

  before(async () => {
    root = await temporaryFolder();
    folder = path.join(root, 'python');
    requirements = path.join(root, 'requirements.in');
    locked = path.join(root, 'requirements.txt');
    for (const file of [requirements, locked]) await writeFile(file, '');
  });
  after(() => rm(root, { recursive: true, force: true }));

  it('counts as made once all is in it, and is made once', async () => {
    const furnish = async () =>
      assert.equal(await isReady({ folder, requirements, locked }), false);
    const python = await ensureEnvironment({ folder, requirements, locked, furnish });
    const { stdout } = await execa(python, ['-c', 'import sys; print(sys.prefix)']);
    assert.equal(stdout, folder);

    const lines: string[] = [];
    const onProgress = (line: string) => lines.push(line);
    assert.equal(await ensureEnvironment({ folder, requirements, locked, onProgress }), python);
    assert.deepEqual(lines, []);
  });

  it('is made once where several want it at the same time, who say that they wait', async () => {
    const wanted = path.join(root, 'wanted');
    const lines: string[] = [];
    let furnished = 0;
    const want = () =>
      ensureEnvironment({
        ...{ folder: wanted, requirements, locked },
        onProgress: (line) => lines.push(line),
        furnish: async () => void furnished++,
      });
    const [first, second] = await Promise.all([want(), want()]);
    assert.equal(first, second);
    assert.equal(furnished, 1);
    const waits = lines.filter((line) => /another process is making it/.test(line));
    assert.deepEqual([waits.length, lines.length], [1, 3]);
  });

  it('that cannot be made where it is wanted says where', async () => {
    const file = path.join(root, 'file');
    await writeFile(file, '');
    await assert.rejects(ensureEnvironment({ folder: path.join(file, 'python'), requirements }), {
      name: 'SetupError',
      message: /cannot be made in .*file\/python: E/,
    });
  });

  it('is made anew of other requirements; where pip fails, none counts as made', async () => {
    await writeFile(requirements, 'no-such-package==1.0\n');
    await writeFile(locked, `--no-index\nno-such-package==1.0 --hash=sha256:${'0'.repeat(64)}\n`);
    await assert.rejects(ensureEnvironment({ folder, requirements, locked }), {
      name: 'SetupError',
      message: /could not install .*requirements\.txt.*\n.*no-such-package==1\.0/s,
    });
    assert.equal(await isReady({ folder, requirements, locked }), false);
  });

  it('takes no package without its hash', async () => {
    const unknown = path.join(root, 'unknown');
    await mkdir(unknown);
    await writeFile(path.join(unknown, 'setup.py'), '');
    for (const file of [requirements, locked]) await writeFile(file, `${unknown}\n`);
    await assert.rejects(ensureEnvironment({ folder, requirements, locked }), {
      name: 'SetupError',
      message: /Can't verify hashes/,
    });
  });

  for (const [what, requirements, locked] of [
    ["the engine's", ENGINE_ENVIRONMENT.requirements, ENGINE_ENVIRONMENT.locked!],
    ...[12, 13].map((cuda) => {
      const file = cudaFile(cuda);
      return [`CUDA ${cuda}`, file.replace(/txt$/, 'in'), file] as const;
    }),
  ] as const)
    it(`has hashes for every package of ${what}`, async () => {
      const namesIn = async (file: string, pattern: RegExp) =>
        ((await readFile(file, 'utf8')).match(pattern) ?? [])
          .map((name) => name.toLowerCase().replaceAll('_', '-'))
          .sort();
      const pinned = await namesIn(requirements, /^[\w.-]+(?===)/gm);
      assert.ok(pinned.length > 0);
      assert.deepEqual(await namesIn(locked, /^[\w.-]+(?===.*\\\n +--hash=)/gm), pinned);
    });
});
