import assert from 'node:assert/strict';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { cp, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { execa } from 'execa';
import getPort from 'get-port';
import { after, before, describe, it } from 'mocha';
import type { RunStatus } from '../../core/types.ts';
import { startProvider } from '../../testing/provider.ts';
import { startTemporal, writeTask } from '../support/stack.ts';

const project = resolve(import.meta.dirname, '../..');

/** Puts into `modules` what would be published, and of the project's packages only those it asks for. */
async function install(modules: string): Promise<void> {
  const target = join(modules, 'semievol');
  await mkdir(target, { recursive: true });
  await execa('npm', ['pack', '--pack-destination', modules], { cwd: project });
  const [archive] = (await readdir(modules)).filter((file) => file.endsWith('.tgz'));
  await execa('tar', ['-xzf', join(modules, archive!), '-C', target, '--strip-components', '1']);
  const manifest = JSON.parse(await readFile(join(target, 'package.json'), 'utf8'));
  for (const name of Object.keys({ ...manifest.dependencies, ...manifest.peerDependencies })) {
    await mkdir(dirname(join(modules, name)), { recursive: true });
    await symlink(join(project, 'node_modules', name), join(modules, name));
  }
  await mkdir(join(modules, '.bin'));
  await symlink(join(target, manifest.bin.semievol), join(modules, '.bin', 'semievol'));
}

describe('the published package', function () {
  this.timeout(120_000);
  let app: string;

  before(async () => {
    app = await mkdtemp(join(tmpdir(), 'semievol-package-'));
    await cp(join(import.meta.dirname, 'user'), app, { recursive: true });
    await install(join(app, 'node_modules'));
  });
  after(() => rm(app, { recursive: true, force: true }));

  const semievol = (...args: string[]) => execa('semievol', args, { cwd: app, preferLocal: true });

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
    const { engines } = JSON.parse(await readFile(join(project, 'package.json'), 'utf8'));
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
    await execa('tsc', [...options, 'typed.ts'], {
      cwd: app,
      preferLocal: true,
      localDir: project,
    });
  });

  it('has the command line', async () => {
    const { version } = JSON.parse(await readFile(join(project, 'package.json'), 'utf8'));
    assert.equal((await semievol('--version')).stdout, version);
  });

  it('starts Temporal, the engine and a worker, with their state where the user is', async () => {
    const state = join(app, '.semievol');
    await mkdir(state, { recursive: true });
    await symlink(join(project, '.semievol/python'), join(state, 'python'));
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
