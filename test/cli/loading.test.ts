import assert from 'node:assert/strict';
import { tmpdir } from 'node:os';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { describe, it } from 'mocha';

const place = (path: string) => new URL(path, import.meta.url);
const watch = ['--import', place('../support/loaded.mjs').href];
const cli = fileURLToPath(place('../../cli/semievol.ts'));

/** The packages and the files of ours that a process has loaded. */
async function loadedBy(args: string[]): Promise<{ packages: string[]; ours: string[] }> {
  const { stderr } = await execa(process.execPath, [...watch, ...args], {
    cwd: tmpdir(),
    reject: false,
  });
  const urls = stderr.split('\nloaded ').at(-1)!.split(' ');
  const root = place('../../').href;
  const packages = urls.flatMap(
    (url) => /node_modules\/((?:@[^/]+\/)?[^/]+)\/(?!.*node_modules)/.exec(url)?.[1] ?? [],
  );
  const ours = urls.filter((url) => url.startsWith(root) && !url.includes('/node_modules/'));
  return {
    packages: [...new Set(packages)].sort(),
    ours: ours.map((url) => url.slice(root.length)),
  };
}

describe('what is loaded', () => {
  for (const args of [
    [],
    ['--help'],
    ['--version'],
    ['help', 'run'],
    ['demo', '--help'],
    ['runn'],
    ['status', '--jsn'],
    ['demo', '--labelled', 'many'],
    ['pause'],
    ['run', 'nowhere.yaml'],
    ['status'],
  ])
    it(`by "semievol ${args.join(' ')}" is next to nothing, wherever it is called`, async () => {
      const { packages, ours } = await loadedBy([cli, ...args]);
      assert.deepEqual(packages, ['commander', 'picocolors']);
      assert.deepEqual(
        ours.filter((file) => file.startsWith('cli/commands/')),
        [],
      );
    });

  it('by a Node that runs no TypeScript, in a clone, is nothing: it says which Node does', async () => {
    const bin = fileURLToPath(place('../../bin/semievol.mjs'));
    const args = ['--no-strip-types', bin, '--help'];
    const { exitCode, stderr } = await execa(process.execPath, args, { reject: false });
    assert.equal(exitCode, 2);
    assert.match(stderr, /^error: Node \d+\.\d+\.\d+ runs no TypeScript.*Node 22\.18 or newer/);
  });

  it('by a reader of data is nothing that speaks with buckets', async () => {
    const { href } = place('../../data/ingestDataset.ts');
    const { packages, ours } = await loadedBy([
      ...['--input-type=module', '--eval'],
      `import '${href}'`,
    ]);
    assert.ok(ours.includes('data/s3.ts'));
    assert.deepEqual(
      packages.filter((name) => /^@(aws|smithy)/.test(name)),
      [],
    );
  });

  it('by a client is no worker, no store, no reader of data and no engine', async () => {
    const { href } = place('../../client/index.ts');
    const { packages } = await loadedBy(['--input-type=module', '--eval', `import '${href}'`]);
    assert.ok(packages.includes('@temporalio/client'));
    const heavy = packages.filter((name) =>
      /^@temporalio\/(worker|activity|workflow|core-bridge)$|lancedb|duckdb|arrow|fastify|execa/.test(
        name,
      ),
    );
    assert.deepEqual(heavy, []);
  });
});
