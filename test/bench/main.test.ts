import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { describe, it } from 'mocha';
import { useFolder } from '../support/suite.ts';

const MAIN = new URL('../../bench/main.ts', import.meta.url).pathname;
const NAMES = [
  'throughput',
  'adaptive',
  'pool',
  'retrieval',
  'overhead',
  'cost',
  'calibration',
  'batch',
  'all',
];

const bench = (...args: string[]) => execa(process.execPath, [MAIN, ...args], { reject: false });

describe('npm run bench', () => {
  const folder = useFolder('suite');

  it('lists the benches, with a line each', async () => {
    const { exitCode, stdout } = await bench('--help');
    assert.equal(exitCode, 0);
    for (const name of NAMES)
      assert.match(stdout, new RegExp(`^ {2}${name} \\[options\\]\\s+\\w`, 'm'));
  });

  it('tells the names when it does not know one', async () => {
    const { exitCode, stderr } = await bench('throughputs');
    assert.equal(exitCode, 2);
    assert.match(stderr, /unknown command 'throughputs'/);
    for (const name of NAMES) assert.match(stderr, new RegExp(`^ {2}${name} `, 'm'));
  });

  it('refuses a file it could not write, before it begins', async () => {
    const { exitCode, stderr } = await bench(
      'cost',
      '--json',
      join(folder.path, 'missing', 'a.json'),
    );
    assert.equal(exitCode, 2);
    assert.match(stderr, /--json: folder .*missing is missing or cannot be written to/);
  });

  it('writes what it measured, against what target, where and with what', async () => {
    const file = join(folder.path, 'cost.json');
    const { exitCode } = await bench('cost', '--unlabelled', '40', '--json', file);
    const { measured, details, ...rest } = JSON.parse(await readFile(file, 'utf8'));
    assert.deepEqual(rest, { bench: 'cost', target: 0.5, ok: measured <= 0.5 });
    assert.equal(exitCode, rest.ok ? 0 : 1);
    assert.equal(measured, details.costs.ours.tokens / details.costs.authors.tokens);
    assert.ok(measured > 0.2 && measured < 0.5, `${measured}: one prompt of four is paid`);
    assert.equal(details.versions.node, process.versions.node);
    assert.ok(details.machine.cpus >= 1 && details.seconds > 0);
  });
});
