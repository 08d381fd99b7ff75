import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { before, describe, it } from 'mocha';
import { forecastRun } from '../../client/forecast.ts';
import { defineConfig } from '../../config/config.ts';
import type { Span } from '../../core/forecast/span.ts';
import { type ModelUsage, type Usage, usageOf } from '../../core/usage.ts';
import { writeDemoData } from '../../demo/data.ts';
import { demoSpec } from '../../demo/spec.ts';
import { engineTokenizers } from '../../engine/tokenizers.ts';
import { startSemievol } from '../cli/support.ts';
import { portForLater } from '../support/port.ts';
import { useFolder } from '../support/suite.ts';

const TOKENS = ['promptTokens', 'completionTokens', 'trainedTokens'] as const;

/** A whole round, small, on the real engine: real model, real training, real server and store. */
describe('the demo', function () {
  this.timeout(600_000);
  const files = useFolder('suite');
  let options: string[];

  before(async () => {
    options = [
      ...['--labelled', '16', '--unlabelled', '24', '--test', '24'],
      ...['--state', join(files.path, 'state'), '--json', join(files.path, 'figures.json')],
      ...['--temporal-port', `${await portForLater()}`, '--ui-port', `${await portForLater()}`],
      ...['--engine-port', `${await portForLater()}`],
    ];
  });

  it('stops at Ctrl-C in the middle of the propagation', async () => {
    const demo = startSemievol(['demo', ...options]);
    demo.stdout.on('data', (text) => {
      if (String(text).includes('propagate')) demo.kill('SIGINT');
    });
    demo.stderr.on('data', (text) => {
      if (String(text).includes('propagate')) demo.kill('SIGINT');
    });
    const { exitCode, stderr } = await demo;
    assert.equal(exitCode, 130, stderr);
    assert.match(stderr, /the same command goes on where this one was/);
  });

  it('goes on where it was, to a model that has learned the task', async () => {
    const { exitCode, stdout, stderr } = await startSemievol(['demo', ...options]);
    assert.equal(exitCode, 0, stderr);
    assert.match(stdout + stderr, /goes on/);
    assert.match(stderr, /16 labelled, 24 unlabelled and 24 test examples: about .+ in all/);
    const { rounds } = JSON.parse(await readFile(join(files.path, 'figures.json'), 'utf8'));
    const [{ metrics, pseudoLabels, usage, examples, seconds }] = rounds;
    const { base, sft, semievol } = metrics[0].values;
    assert.ok(sft.epochs.value > base.value && semievol.value > base.value);
    // Three quarters of those that have a readable label, which is nearly all.
    assert.ok(
      pseudoLabels.count >= 16 && pseudoLabels.count <= 20,
      `${pseudoLabels.count} selected`,
    );
    assert.ok(pseudoLabels.selected.value >= pseudoLabels.all.value);
    assert.equal(examples.test, 24);
    const { trainedTokens } = usage.find(({ phase }: ModelUsage) => phase === 'warm-up');
    assert.ok(trainedTokens > 0);
    await assertForecast(usageOf(usage));
    assert.ok(seconds.propagate > 0);
  });

  /** That its forecast is right: each amount in its range, all tokens together within 15 %. */
  async function assertForecast(spent: Usage): Promise<void> {
    const folder = join(files.path, 'forecast');
    await writeDemoData(folder, { labelled: 16, unlabelled: 24, test: 24 }, 0);
    const tokenizers = engineTokenizers({ models: {} });
    const { uses } = await forecastRun(demoSpec('demo', 0), defineConfig(), { folder, tokenizers });
    const sum = (amount: (typeof TOKENS)[number], of: keyof Span) =>
      uses.reduce((total, use) => total + use[amount][of], 0);
    for (const amount of TOKENS) {
      const [low, high] = [sum(amount, 'low') - 1, sum(amount, 'high') + 1];
      const isWithin = low <= spent[amount] && spent[amount] <= high;
      assert.ok(isWithin, `${amount}: ${spent[amount]} is not in ${low} to ${high}`);
    }
    const likely = TOKENS.reduce((total, amount) => total + sum(amount, 'likely'), 0);
    const truth = TOKENS.reduce((total, amount) => total + spent[amount], 0);
    assert.ok(Math.abs(likely / truth - 1) <= 0.15, `${likely} for ${truth} tokens`);
  }
});
