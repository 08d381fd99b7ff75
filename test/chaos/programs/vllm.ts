import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Command } from 'commander';
import type { OpenAI } from 'openai';
import { answerChat } from '../../../testing/chat.ts';
import type { FaultPlan } from '../../../testing/faults.ts';
import { faultsByRate } from '../../../testing/faultsByRate.ts';
import { Journal } from '../../../testing/journal.ts';
import { Models, type TrainingRow } from '../../../testing/models.ts';
import { observe } from '../../../testing/observe.ts';
import { Vllm } from '../../support/vllm/vllm.ts';

/**
 * vLLM's front as a process of its own, which answers by adapters that `lora.ts` has made; what is loaded
 * is gone when it is killed.
 */

const { port, state, base, path, seed, latencyMs, faultRate } = new Command('vllm')
  .requiredOption('--port <number>', 'where it listens', Number)
  .requiredOption('--state <folder>', 'keeps its journal there')
  .requiredOption('--base <name>', 'of the model that it serves')
  .requiredOption('--path <path>', 'of the same, as `vllm serve` was given it')
  .option('--seed <number>', 'of answers and faults', Number, 0)
  .option('--latency-ms <ms>', 'of requests', Number, 0)
  .option('--fault-rate <share>', 'of requests that go wrong', Number, 0)
  .parse()
  .opts();

const models = new Models([base]);
const journal = new Journal(state);
const faults = faultsByRate({ rate: faultRate, seed });
/** What the harness asks, at paths outside of the API, goes right. */
const plan: FaultPlan = (entry) => (entry.path.startsWith('/') ? faults(entry) : undefined);

/** The model of an adapter, which is called by what it was trained on. */
function tuned(folder: string): string {
  const weights = readFileSync(join(folder, 'adapters.safetensors'));
  const rows = weights.subarray(8 + Number(weights.readBigUInt64LE()));
  const name = `ft:${createHash('sha256').update(rows).digest('hex')}`;
  const lines = rows.toString().trimEnd().split('\n');
  models.addTuned(
    name,
    base,
    lines.map((line) => JSON.parse(line) as TrainingRow),
  );
  return name;
}

const front = await Vllm.start({
  ...{ port, base: { name: base, path } },
  attach(app) {
    observe(app, '/v1', journal, plan);
    app.get('/__journal', async () => journal.entries());
    app.get('/__loaded', async () => front.loaded);
  },
  async answer(body, adapter) {
    await sleep(latencyMs);
    const model = adapter ? tuned(adapter) : base;
    const params = { ...body, model } as OpenAI.ChatCompletionCreateParamsNonStreaming;
    const options = { supportsN: true, logprobs: true, seed };
    return { ...answerChat(params, models, options), model: body.model };
  },
});
console.log(front.baseURL);
