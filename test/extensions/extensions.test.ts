import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { Worker } from '@temporalio/worker';
import { before, describe, it } from 'mocha';
import { readRunSpec } from '../../cli/specFile.ts';
import { type Config, defineConfig } from '../../config/config.ts';
import { loadConfig } from '../../config/load.ts';
import { Registry } from '../../core/registry.ts';
import type { RunStatus } from '../../core/status.ts';
import { openStore } from '../../store/store.ts';
import { goldAnswer } from '../../testing/model.ts';
import { SemiEvolPlugin } from '../../workers/plugin.ts';
import { startSemievol } from '../cli/support.ts';
import { failedFor } from '../support/stack.ts';
import { use, useFolder, useOwnTemporal, useProvider } from '../support/suite.ts';
import { Gym } from '../workflows/ownTrainer/gym.ts';

const here = (file: string) => JSON.stringify(pathToFileURL(resolve(import.meta.dirname, file)));

/** As a user would write it: the modules of `own/`, each of one file, are named and nothing else. */
const configModule = (baseURL: string, gym: string) => `
import { defineConfig } from ${here('../../workers/index.ts')};
import { dissent } from ${here('own/dissent.ts')};
import { rating } from ${here('own/rating.ts')};
import { surest } from ${here('own/surest.ts')};
import gym from ${here('../workflows/ownTrainer/trainer.ts')};

export default defineConfig({
  temporal: { taskQueue: 'extended' },
  store: { uri: 'store' },
  endpoints: {
    local: { baseURL: '${baseURL}', pollSeconds: 0.05, trainer: { type: 'gym', address: '${gym}' } },
  },
  extensions: { tasks: [rating], rules: [surest], scores: [dissent], trainers: [gym] },
});
`;

const specFile = (name: string) => `name: ${name}
task:
  type: rating
  tolerance: 1
data:
  labelled: labelled.jsonl
  unlabelled: unlabelled.jsonl
  test: test.jsonl
selection:
  rule: surest
  score: dissent
  number: 12
batch:
  size: 10
`;

describe('extensions of a configuration', () => {
  const temporal = useOwnTemporal('suite');
  const provider = useProvider('suite');
  const gym = use(
    'suite',
    () => Gym.open(),
    (open) => open.close(),
  );
  const folder = useFolder('suite');
  let config: Config;

  before(async () => {
    gym.athlete = 'smollm2-135m-instruct';
    await folder.write('temporal.config.ts', configModule(provider.baseURL, gym.address));
    config = await loadConfig(join(folder.path, 'temporal.config.ts'));
    const rows = (from: number, count: number) =>
      Array.from({ length: count }, (_, index) => {
        const question = `the text of number ${from + index}`;
        return { question, answer: `${goldAnswer(question, ['1', '2', '3', '4', '5'])} stars` };
      });
    for (const [split, from, count] of [
      ['labelled', 0, 20],
      ['unlabelled', 20, 40],
      ['test', 60, 20],
    ] as const)
      await folder.write(
        `${split}.jsonl`,
        rows(from, count)
          .map((row) => `${JSON.stringify(row)}\n`)
          .join(''),
      );
  });
  const semievol = (...args: string[]) =>
    startSemievol(args, { TEMPORAL_ADDRESS: temporal.address }, folder.path);
  const worker = (of: Config) =>
    Worker.create({
      connection: temporal.nativeConnection,
      taskQueue: of.temporal.taskQueue,
      plugins: [new SemiEvolPlugin(of)],
    });

  it('run a whole round: a kind of task, a rule, a score and a trainer', async () => {
    await folder.write('rated.yaml', specFile('rated'));
    const { exitCode, stderr } = await semievol('run', 'rated.yaml');
    assert.equal(exitCode, 0, stderr);
    const run = temporal.client.workflow.getHandle<() => Promise<RunStatus>>('rated');
    await (await worker(config)).runUntil(run.result());

    const { memo } = await run.describe();
    const store = await openStore({ uri: config.store.uri });
    const tables = await store.run('rated', memo!.dataset as string);
    const [report] = await tables.reports();
    const rows = await tables.pseudoLabels(1, { from: 0, to: 40 });
    store.close();
    assert.equal(report!.task, 'rating');
    const stages = [...gym.tunings.values()].map(({ label }) => label.split('/')[2]);
    assert.ok(stages.includes('warm-up') && stages.includes('semievol'), `${stages}`);
    const [warmUp] = gym.files.values();
    const { messages } = JSON.parse(warmUp!.split('\n')[0]!);
    assert.match(messages[0].content, /^Rate the text\.\nLabels: 1, 2/);
    assert.match(messages.at(-1).content, /^[1-5]$/);
    assert.match(report!.pseudoLabels.rule, /^surest 12 \(dissent up to \d/);
    const scores = rows
      .map(({ votes, collaborators, entropy }) => collaborators - votes + Math.min(entropy!, 1) / 2)
      .sort((a, b) => a - b);
    assert.deepEqual(report!.pseudoLabels.threshold, { cutoff: scores[11] });
    assert.equal(report!.pseudoLabels.count, 12);
    assert.deepEqual(report!.pseudoLabels.classes.known, 5);
    assert.ok(rows.every(({ label }) => label === null || /^[1-5]$/.test(label)));
  });

  it('are what a worker without them says is missing', async () => {
    const spec = await readRunSpec(
      await folder.write('strange.yaml', specFile('strange')),
      new Registry(config.extensions),
    );
    const { trainers } = config.extensions;
    const bare = await worker(defineConfig({ ...config, extensions: { trainers } }));
    const run = temporal.client.workflow.execute('evolve', {
      ...{ workflowId: 'strange', taskQueue: 'extended' },
      args: [{ run: 'strange', spec, folder: folder.path }],
    });
    await assert.rejects(bare.runUntil(run), (error: Error) => {
      const message = String((error.cause as Error).cause);
      assert.match(message, /run "strange": task\.type must be .*, not the text "rating"/);
      assert.match(message, /selection\.rule must be .*\(extensions in temporal\.config\.ts\)/);
      return failedFor('SpecNotUnderstood')(error);
    });
  });

  it('are in the JSON schema, with their documentation', async () => {
    const { stdout, stderr } = await semievol('schema');
    assert.equal(stderr, '');
    const { task, selection } = JSON.parse(stdout).properties;
    const texts = JSON.stringify([task, selection]);
    for (const said of ['The answer is a number of stars.', 'How far off', 'dissent: how many'])
      assert.ok(texts.includes(said), said);
    const own = ['entropy', 'probability', 'votes', 'neighbours', 'combined'];
    const names = [task, selection].map(({ oneOf }) => oneOf.at(-1).properties);
    assert.deepEqual(
      [names[0].type.const, names[1].rule.const, names[1].score.enum],
      ['rating', 'surest', ['auto', ...own, 'dissent']],
    );
  });

  it('are the examples of the documentation', async () => {
    // A shorter name of a module may take another line break.
    const flat = (text: string) => text.replaceAll(/\s+/g, '').replaceAll(',}', '}');
    const docs = await readFile(join(import.meta.dirname, '../../docs/extending.md'), 'utf8');
    const own = join(import.meta.dirname, 'own');
    const files = (await readdir(own)).map((file) => join(own, file));
    for (const file of [...files, resolve('examples/own-task/keywords.ts')]) {
      const code = await readFile(file, 'utf8');
      assert.ok(
        flat(docs).includes(flat(code.replace('../../../workers/index.ts', 'semievol'))),
        file,
      );
    }
  });

  it('have their mistakes in a spec told as any other', async () => {
    const spec = specFile('wrong').replace('tolerance', 'tolerence').replace('12', '0');
    const { exitCode, stderr } = await semievol('run', await folder.write('wrong.yaml', spec));
    assert.equal(exitCode, 2);
    assert.match(stderr, /4:3: unknown field task\.tolerence \(did you mean "tolerance"\?\)/);
    assert.match(stderr, /12:11: selection\.number must be at least 1, not 0/);
  });
});
