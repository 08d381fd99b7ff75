import assert from 'node:assert/strict';
import { rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { execa } from 'execa';
import { after, before, describe, it } from 'mocha';
import { ensureEnvironment, isReady } from '../../engine/environment.ts';
import { temporaryFolder } from './support.ts';

describe('engine: a Python environment', () => {
  let root: string;
  let folder: string;
  let requirements: string;

  before(async () => {
    root = await temporaryFolder();
    folder = path.join(root, 'python');
    requirements = path.join(root, 'requirements.txt');
  });
  after(() => rm(root, { recursive: true, force: true }));

  it('counts as made once all is in it, and is made once', async () => {
    await writeFile(requirements, '');
    const furnish = async () => assert.equal(await isReady({ folder, requirements }), false);
    const python = await ensureEnvironment({ folder, requirements, furnish });
    const { stdout } = await execa(python, ['-c', 'import sys; print(sys.prefix)']);
    assert.equal(stdout, folder);

    const lines: string[] = [];
    const onProgress = (line: string) => lines.push(line);
    assert.equal(await ensureEnvironment({ folder, requirements, onProgress }), python);
    assert.deepEqual(lines, []);
  }).timeout(60_000);

  it('is made anew of other requirements; where pip fails, none counts as made', async () => {
    await writeFile(requirements, '--no-index\nno-such-package==1.0\n');
    await assert.rejects(ensureEnvironment({ folder, requirements }), {
      name: 'SetupError',
      message: /could not install .*requirements\.txt.*\n.*no-such-package==1\.0/s,
    });
    assert.equal(await isReady({ folder, requirements }), false);
  }).timeout(60_000);
});
