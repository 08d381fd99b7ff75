import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { before, describe, it } from 'mocha';
import { stringify } from 'yaml';
import type { RunForecast } from '../../client/forecast.ts';
import { LABELS } from '../../testing/task.ts';
import { testConfig, writeTask } from '../support/stack.ts';
import { useFolder, useProvider } from '../support/suite.ts';
import { semievol, writeConfigOption } from './support.ts';

const BASE = 'smollm2-135m-instruct';
const TOKENIZER = join(import.meta.dirname, '../fixtures/stand-in-tokenizer');

describe('the plan of a run', () => {
  const files = useFolder('suite');
  const provider = useProvider('suite', { models: [BASE, 'all-minilm-l6-v2', 'open'] });
  const tokenizers = { [BASE]: TOKENIZER, 'all-minilm-l6-v2': TOKENIZER };
  let data: Record<string, string[]>;

  before(async () => {
    ({ data } = (await writeTask(files.path, 'any')) as unknown as { data: typeof data });
  });

  const configOf = (endpoint: object = {}) =>
    writeConfigOption(files, testConfig(files.path, provider, { tokenizers, ...endpoint }));
  const specOf = (name: string, changes: object = {}) => {
    const { labelled, unlabelled, test } = data;
    const given = { labelled, unlabelled, test };
    const task = { type: 'classification', labels: LABELS };
    return files.write(`${name}.yaml`, stringify({ name, task, data: given, ...changes }));
  };
  const spent = () => provider.requests().filter(({ method }) => method === 'POST').length;
  const jsonOf = async (...args: string[]) => {
    const { stdout, stderr } = await semievol(['plan', '--json', ...args]);
    assert.equal(stderr, '');
    return JSON.parse(stdout) as RunForecast;
  };

  it('is told without a server, and neither asks a model nor stores anything', async () => {
    const before = spent();
    const { stdout, stderr, exitCode } = await semievol([
      ...['plan', await specOf('told'), await configOf()],
    ]);
    assert.equal(exitCode, 0, stderr);
    assert.match(stdout, /^Plan of told\nExamples: 20 labelled, 40 unlabelled, 30 test\./);
    assert.match(stdout, /│ propagate +│ answers of no-shots +│ smollm2.* │ 40 +│/);
    assert.match(stdout, /│ evaluate +│ answers of vanilla .*│ 30 +│/);
    assert.match(stdout, /│ warm-up +│ fine-tune /);
    assert.match(stdout, /The configuration has no prices/);
    assert.match(
      stdout,
      /First prompt of no-shots .*\nsystem: Classify the text\.\nLabels: animal/,
    );
    assert.match(stdout, /First labelled row of training .*\nassistant: \w+\n/s);
    assert.match(stdout, /Nothing is seen that would fail$/);
    assert.equal(spent(), before);
    assert.ok(!existsSync(join(files.path, 'store')));
  });

  it('has a cost with a range, and names what has no price', async () => {
    const prices = { [BASE]: { input: 1, output: 4 } };
    const { cost, unpriced, uses } = await jsonOf(
      await specOf('priced', { resolution: 'vote' }),
      await configOf({ prices }),
    );
    const likely = (of: 'promptTokens' | 'completionTokens') =>
      uses.filter(({ model }) => model === BASE).reduce((sum, use) => sum + use[of].likely, 0);
    const dollars = (likely('promptTokens') + 4 * likely('completionTokens')) / 1e6;
    assert.ok(Math.abs(cost!.likely - dollars) < 1e-9);
    assert.ok(cost!.low < cost!.likely && cost!.likely < cost!.high);
    assert.deepEqual(unpriced, [
      { endpoint: 'local', model: 'all-minilm-l6-v2', tokens: ['input'] },
      { endpoint: 'local', model: BASE, tokens: ['training'] },
    ]);
  });

  it('tells all that would fail, of each split and each endpoint, and ends with 1', async () => {
    const test = [await files.write('none.csv', 'question\nwithout an answer\n')];
    const spec = await specOf('wrong', {
      data: { ...data, labelled: ['nowhere.jsonl'], test, draw: undefined },
      collaborators: [
        { name: 'a', model: 'unheard-of' },
        { name: 'b', endpoint: 'elsewhere', model: 'large' },
      ],
      selection: { rule: 'paper', exactly: 1_000 },
    });
    const { stdout, exitCode } = await semievol(['plan', spec, await configOf()]);
    assert.equal(exitCode, 1);
    assert.match(stdout, /^What would fail\n/);
    for (const problem of [
      /nowhere\.jsonl: there is no such file/,
      /none\.csv has no column "answer"/,
      /selection\.exactly wants 1000 pseudo-labels, but there are 40 unlabelled/,
      /has no model "unheard-of"/,
      /collaborators\[1\]\.endpoint: no endpoint "elsewhere"/,
    ])
      assert.match(stdout, problem);
  });

  it('finds prompts that are too long for their model', async () => {
    provider.setQuirks(['models-facts']);
    const { problems } = await jsonOf(
      await specOf('long', { maxTokens: 9_000, resolution: 'vote' }),
      await configOf(),
    );
    provider.setQuirks([]);
    assert.match(problems[0]!, /^propagate: with its answer a prompt has up to 9,\d+ tokens, and /);
  });

  it('goes by what models answer where it is to probe, and spends a few requests', async () => {
    const model = { name: 'open' };
    const answer = { form: 'reasoned' };
    const spec = await specOf('probed', { model, answer, resolution: 'vote' });
    const config = await configOf();
    const before = spent();
    const guessed = await jsonOf(spec, config);
    assert.equal(spent(), before);
    const probed = await jsonOf(spec, config, '--probe');
    const chats = provider.requests({ kind: 'chat' }).length;
    assert.ok(chats > 0 && chats <= 5 * probed.previews.length, `${chats} requests`);
    const outOf = ({ uses }: RunForecast) =>
      uses.find(({ phase, asks }) => phase === 'propagate' && asks === 'answers')!;
    assert.ok(outOf(probed).completionTokens.likely < outOf(guessed).completionTokens.likely);
    const [counted] = probed.counted;
    assert.match(counted!.by, /an estimate .* set right by its own count/);
    assert.ok(counted!.error.high < guessed.counted[0]!.error.high);
  });

  it('is summed up by doctor, which checks the data of a spec, too', async () => {
    const config = await configOf();
    const said = await semievol(['doctor', await specOf('summed'), config]);
    assert.match(said.stdout, /✔ plan +about 282 requests, [\d,]+ tokens, [\d,]+ trained; by/);
    const gone = await specOf('gone', { data: { ...data, test: 'nowhere.csv' } });
    const { stdout, exitCode } = await semievol(['doctor', gone, config]);
    assert.match(stdout, /✘ plan +nowhere\.csv: there is no such file/);
    assert.equal(exitCode, 1);
  });
});
