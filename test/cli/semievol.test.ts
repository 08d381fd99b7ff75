import assert from 'node:assert/strict';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { appendFile, readFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join, relative } from 'node:path';
import { before, describe, it } from 'mocha';
import { stringify } from 'yaml';
import type { Config } from '../../config/config.ts';
import type { RunStatus } from '../../core/status.ts';
import { LABELS } from '../../testing/task.ts';
import { lookUntil } from '../support/lookUntil.ts';
import { testConfig, writeTask } from '../support/stack.ts';
import { useFolder, useOwnTemporal, useProvider } from '../support/suite.ts';
import { GOOD_SPEC, semievol, startSemievol, writeConfigOption } from './support.ts';

describe('semievol as a process', () => {
  const files = useFolder('suite');
  const temporal = useOwnTemporal('suite');
  const provider = useProvider('suite');
  let config: Config;
  /** Option and environment that point a process at the servers of this test. */
  let configOption: string;
  let env: Record<string, string>;

  before(async () => {
    config = testConfig(files.path, provider);
    configOption = await writeConfigOption(files, config);
    env = { TEMPORAL_ADDRESS: temporal.address };
  });
  const run = (...args: string[]) => semievol([...args, configOption], env);

  /** The option of a configuration with a store of its own. */
  const useFreshStore = (name: string) =>
    writeConfigOption(files, { ...config, store: { uri: join(files.path, name) } });

  /** Lends a worker process, started and stopped as users do it. */
  async function withWorker(option: string, use: () => Promise<void>): Promise<void> {
    const worker = startSemievol(['worker', option], env);
    try {
      await new Promise<void>((resolve, reject) => {
        worker.stderr.on('data', (text) => String(text).includes('polls task queue') && resolve());
        worker.on('exit', () => reject(new Error('the worker ended before it ran')));
      });
      await use();
    } finally {
      worker.kill('SIGTERM');
      assert.equal((await worker).exitCode, 0);
    }
  }

  async function gridFile(name: string): Promise<string> {
    const { data, ...base } = await writeTask(files.path, name, undefined, {});
    const limits = { labelled: 10, unlabelled: 20, test: 10 };
    const grid = { name, base: { ...base, data: { ...data, limits } }, percentiles: [0, 100] };
    return files.write(`${name}.yaml`, stringify(grid));
  }

  async function specFile(name: string, changes: object = {}): Promise<string> {
    const spec = await writeTask(files.path, name, undefined, {});
    const fromHere = (paths: string[]) => paths.map((path) => relative(files.path, path));
    const { labelled, unlabelled, test } = spec.data;
    const written = {
      name,
      task: { type: 'classification', labels: LABELS },
      data: {
        labelled: fromHere(labelled),
        unlabelled: fromHere(unlabelled),
        test: fromHere(test),
      },
      batch: { size: 10, window: 2 },
      ...changes,
    };
    return files.write(`${name}.yaml`, stringify(written));
  }

  const spent = () => provider.requests().filter((entry) => entry.method === 'POST').length;

  describe('refuses with exit code 2 and a remedy', () => {
    const refused = async (args: string[], said: RegExp, environment = env) => {
      const { exitCode, stderr, stdout } = await semievol([configOption, ...args], environment);
      assert.match(stderr, said);
      assert.doesNotMatch(stderr, /\n\s+at /, 'a stack');
      assert.doesNotMatch(stderr, /polls task queue/);
      assert.equal(exitCode, 2);
      assert.equal(stdout, '');
    };

    it('an unknown command, option or value', async () => {
      await Promise.all([
        refused(['runn'], /unknown command 'runn'\n\(Did you mean run\?\)/),
        refused(['status', '--jsn'], /unknown option '--jsn'\n\(Did you mean --json\?\)/),
        refused(['demo', '--labelled', 'many'], /give a whole number, 1 or more/),
        refused(['dev', '--ui-port', '70000'], /give a whole number from 1 to 65535/),
      ]);
    });

    it('a spec that is missing or has an unknown field', async () => {
      const wrong = await files.write('wrong.yaml', `${GOOD_SPEC}sed: 1\n`);
      await Promise.all([
        refused(['run', 'nowhere.yaml'], /run spec nowhere\.yaml not found/),
        refused(['reproduce', 'nowhere.yaml'], /grid nowhere\.yaml not found/),
        refused(['run', wrong], /wrong\.yaml:9:1: unknown field sed \(did you mean "seed"\?\)/),
      ]);
    });

    it('a configuration that is missing or wrong', async () => {
      const wrong = await files.write(
        'wrong.ts',
        'export default { endpoints: { local: { baseURL: 3 } } };',
      );
      await Promise.all([
        refused(['status', '--config', 'nowhere.ts'], /nowhere\.ts not found.*--config FILE/),
        refused(['status', '--config', wrong], /endpoints\.local\.baseURL/),
      ]);
    });

    it('a Temporal server that does not answer', async () => {
      const address = '127.0.0.1:1';
      await refused(['status'], /no Temporal server answers at 127\.0\.0\.1:1: start one/, {
        TEMPORAL_ADDRESS: address,
      });
    });

    it('a namespace that is not there, as a command and as a worker, which ends', async () => {
      const environment = { ...env, TEMPORAL_NAMESPACE: 'team-a.acct' };
      const said = /has no namespace "team-a\.acct".*TEMPORAL_NAMESPACE/;
      await refused(['worker'], said, environment);
      await refused(['status', 'some-run'], said, environment);
    });

    it('a store that cannot be written to, as a worker, which ends', async () => {
      const uri = join(import.meta.filename, 'store');
      const option = await writeConfigOption(files, { ...config, store: { uri } });
      await refused(['worker', option], /folder cannot be created.*Check the path/);
    });

    it('data files that are missing or lack a column, and an endpoint that is not there', async () => {
      const before = spent();
      const lacking = await files.write('lacking.csv', 'text,answer\na,b\n');
      const spec = await specFile('bad-data', {
        data: { labelled: lacking, unlabelled: 'none.csv', test: lacking },
      });
      await refused(['run', spec], /lacking\.csv.*question/s);
      const elsewhere = await specFile('elsewhere', { model: { endpoint: 'remote' } });
      await refused(['run', elsewhere], /no endpoint "remote"/);
      assert.equal(spent(), before);
    });

    it('a grid without a base, with an unknown field, or with a cell that cannot be', async () => {
      const before = spent();
      const grid = (name: string, text: string) =>
        files.write(`${name}.yaml`, `name: ${name}\n${text}`);
      const none = await grid('no-base', 'rounds: [1, 2]\n');
      await refused(['reproduce', none], /base is missing/);
      const odd = await grid('odd-field', 'demo: {}\nratio: [1]\n');
      await refused(['reproduce', odd], /odd-field\.yaml:3:1: unknown field ratio.*ratios/);
      const wrong = 'demo: { labelled: 4, unlabelled: 8, test: 4 }\nscores: [luck]\n';
      await refused(
        ['reproduce', await grid('odd-cell', wrong), '--drawn', join(files.path, 'drawn')],
        /cell "score-luck": selection\.score must be/,
      );
      assert.equal(spent(), before);
    });

    it('a run that is not there', async () => {
      const commands = ['status', 'report', 'pause', 'cancel'];
      await Promise.all(
        commands.map((command) => refused([command, 'ghost'], /no run "ghost": "semievol status"/)),
      );
    });

    it('a port that is taken, before anything is set up', async () => {
      const server = createServer().listen(0, '127.0.0.1');
      await once(server, 'listening');
      const { port } = server.address() as { port: number };
      const args = ['dev', configOption, '--temporal-port', `${port}`];
      const { exitCode, stderr } = await startSemievol(args, {}, files.path);
      assert.equal(exitCode, 2);
      assert.match(stderr, new RegExp(`port ${port} is taken .*--temporal-port`));
      assert.ok(!existsSync(join(files.path, '.semievol/python')));
      server.close();
    });
  });

  it('runs a spec to its figures, and prints those again afterwards', async () => {
    const spec = await specFile('whole');
    await withWorker(configOption, async () => {
      const first = await run('run', spec, '--follow', '--json');
      assert.equal(first.exitCode, 0, first.stderr);
      assert.match(first.stderr, /warm-up +done/);
      assert.match(first.stderr, /\(labelled\): \d+ rows, \d+ kept/);
      const { rounds, data } = JSON.parse(first.stdout);
      assert.equal(data.files.length, 3);
      assert.equal(rounds.length, 1);
      const { base, sft, semievol } = rounds[0].metrics[0].values;
      for (const { value } of [base, sft.epochs, sft.steps, semievol])
        assert.equal(typeof value, 'number');
      assert.ok(rounds[0].pseudoLabels.count > 0);

      const again = await run('run', spec, '--json');
      assert.deepEqual(JSON.parse(again.stdout), {
        ...{ run: 'whole', rounds, data },
        ...{ dropped: [], segments: [] },
      });
      assert.match(again.stderr, /has completed before.*change name/);
      await appendFile(spec, 'seed: 9\n');
      const changed = await run('run', spec);
      assert.equal(changed.exitCode, 2);
      assert.match(changed.stderr, /started with another spec/);
      const report = await run('report', 'whole');
      assert.match(report.stdout, /SemiEvol.*SFT/s);
      assert.match(report.stdout, /Cost: unknown\. Unpriced: .*smollm2-135m-instruct at local/);
      const status = await run('status', 'whole');
      assert.match(status.stdout, /│ +1 │ .* % │ .* % │ .* % │/);
      const listed = JSON.parse((await run('status', '--json')).stdout);
      assert.equal(listed.find((one: { name: string }) => one.name === 'whole').state, 'completed');
    });
  });

  it('runs a grid to its table, and says by its code that a run has failed', async () => {
    const grid = await gridFile('table');
    const option = await useFreshStore('table-store');
    await withWorker(option, async () => {
      const written = join(files.path, 'table.csv');
      const args = ['reproduce', grid, option, '--csv', written];
      const { exitCode, stdout, stderr } = await semievol(args, env);
      assert.equal(exitCode, 1, stderr);
      assert.match(stdout, /Grid table.*percentile-100.*Labels.*Failed.*table\.percentile-0/s);
      assert.match(stderr, /2 of 3 runs done, 1 failed/);
      const lines = (await readFile(written, 'utf8')).trimEnd().split('\r\n');
      assert.deepEqual(
        lines.map((line) => line.split(',').slice(0, 3).join()),
        [
          ...['cell,runs,of', 'vanilla,1,1', 'SFT,1,1', 'semievol,1,1'],
          ...['percentile-0,0,1', 'percentile-100,1,1'],
        ],
      );
      const again = await semievol(['reproduce', grid, option, '--so-far'], env);
      assert.equal(again.exitCode, 0, again.stderr);
      assert.match(again.stdout, /Grid table.*percentile-100.*Labels/s);
      const listed = await run('status', '--json');
      assert.match(listed.stdout, /"table\.semievol\.d0\.t0\.[0-9a-f]{6}"/);
    });
  });

  it('tells by doctor what the models of a spec are capable of, and keeps it', async () => {
    const own = await useFreshStore('capabilities');
    const spec = await specFile('capable');
    const doctor = async (...args: string[]) => {
      const { stdout } = await semievol(['doctor', ...args, own], env);
      return { stdout, asked: provider.requests({ kind: 'probe' }).length };
    };
    provider.setQuirks(['lie-logprobs-zero']);
    const first = await doctor(spec);
    assert.match(first.stdout, /│ logprobs +│ ignored +│ 0 for every token +│/);
    assert.match(first.stdout, /^logprobs: not asked for; the entropy of the votes/m);
    provider.setQuirks([]);
    const second = await doctor('--json');
    assert.equal(second.asked, first.asked);
    const { checks, models } = JSON.parse(second.stdout);
    assert.ok(checks.some(({ name }: { name: string }) => name === 'endpoint local'));
    assert.equal(models[0].findings.logprobs.verdict, 'ignored');
    const third = await doctor('--fresh', '--json');
    assert.ok(third.asked > second.asked);
    const found = JSON.parse(third.stdout).models;
    assert.deepEqual([found.length, found[0].findings.logprobs.verdict], [1, 'supported']);
  });

  it('tells by doctor which endpoints of a spec do not run, and which there are none', async () => {
    const gone = { baseURL: 'http://127.0.0.1:9/v1' };
    const endpoints = { ...config.endpoints, gone };
    const own = await writeConfigOption(files, { ...config, endpoints });
    const at = (endpoint: string) => ({ name: endpoint, endpoint, model: 'large', shots: 0 });
    const spec = await specFile('apart', { collaborators: [at('gone'), at('nowhere')] });
    const { stdout, exitCode } = await semievol(['doctor', spec, '--json', own], env);
    assert.equal(exitCode, 1);
    const { checks, models } = JSON.parse(stdout) as {
      checks: { name: string; ok: boolean; idle?: boolean }[];
      models: { endpoint: string }[];
    };
    const found = checks.filter(({ name }) => /^(?:endpoint|models)/.test(name));
    assert.deepEqual(
      found.map(({ name, ok, idle = false }) => [name, ok, idle]),
      [
        ['endpoint local', true, true],
        ['endpoint gone', false, true],
        ['endpoint nowhere', false, false],
      ],
    );
    assert.deepEqual([...new Set(models.map(({ endpoint }) => endpoint))], ['local']);
  });

  it('says that no worker polls, pauses, sets a budget, resumes and cancels', async () => {
    const spec = await specFile('controlled');
    const taskQueue = 'controlled';
    const other = await writeConfigOption(files, { ...config, temporal: { taskQueue } });
    const go = (...args: string[]) => semievol([...args, other], env);

    const started = await go('run', spec);
    assert.equal(started.exitCode, 0, started.stderr);
    assert.match(started.stderr, /no worker is polling task queue "controlled" yet/);
    assert.match((await go('run', spec)).stdout, /"controlled" is running already/);
    assert.match((await go('status', 'controlled')).stdout, /no worker is polling/);

    const word = ['decide', 'controlled', '--reason', 'a test'];
    const unheard = await go(...word, '--approve');
    assert.match(unheard.stderr, /no worker says how "controlled" is/);

    await go('pause', 'controlled');
    await withWorker(other, async () => {
      // Nobody answers before the worker has begun.
      const statusNow = async (): Promise<RunStatus | undefined> =>
        JSON.parse((await go('status', 'controlled', '--json')).stdout).status;
      assert.equal((await lookUntil(statusNow, Boolean))!.paused, true);
      const limit = ['--phase', 'propagate', '--tokens', '5000'];
      const raised = await go('budget', 'controlled', ...limit);
      assert.match(raised.stdout, /"controlled" may spend 5,000 tokens in propagate/);
      const { stdout } = await go('status', 'controlled');
      assert.match(stdout, /budget of phase propagate: 0 of 5,000 tokens spent/);
      const without = await go('budget', 'controlled');
      assert.deepEqual([without.exitCode, /name a limit/.test(without.stderr)], [2, true]);
      assert.match((await go(...word)).stderr, /say what becomes of the challenger/);
      const refused = await go(...word, '--refuse');
      assert.match(refused.stderr, /no challenger waits for a person/);
      await go('budget', 'controlled', '--tokens', '1');
      await go('resume', 'controlled');
      await lookUntil(statusNow, (status) => status?.hold);
      const resumed = await go('resume', 'controlled');
      assert.match(resumed.stdout, /"controlled" stays paused: .*1 token/);
      await go('pause', 'controlled');
      const cancelled = await go('cancel', 'controlled');
      assert.equal(cancelled.exitCode, 0, cancelled.stderr);
      const followed = await go('run', spec, '--follow');
      assert.match(`${followed.stderr}${followed.stdout}`, /cancel|SemiEvol/);
    });
  });

  it('prints the schemas that are published', async () => {
    for (const [name, ...options] of [['run-spec'], ['grid', '--grid']]) {
      const { stdout } = await semievol(['schema', ...options]);
      const published = join(import.meta.dirname, `../../docs/${name}.schema.json`);
      assert.deepEqual(JSON.parse(stdout), JSON.parse(await readFile(published, 'utf8')));
    }
  });
});
