import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { availableParallelism, tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import OpenAI from 'openai';
import { table } from '../cli/table.ts';
import { percent } from '../core/report/format.ts';
import { startEngine } from '../engine/gateway.ts';
import { BUILT_IN, trainingOf } from '../engine/models.ts';
import { type Message, startPython } from '../engine/pythonProcess.ts';
import {
  BASE_MODEL,
  JOB_DEFAULTS,
  mlxEnvironment,
  PYTHON_EXECUTABLE,
  program,
  SERVING,
} from '../engine/settings.ts';
import { ensureEngine } from '../engine/setup.ts';
import type { BenchOptions, BenchResult } from './support/bench.ts';

export const description =
  'share of what the machine multiplies that prompts, answers and training come to; at least 0.7';

/** `even`: of the best share of prompts, at 16 in flight. */
const TARGET = { prompts: 0.7, answers: 0.7, training: 0.7, even: 0.9 };
const IN_FLIGHT = [8, 16, 64, 128, 256];
const CORES = availableParallelism();
/** As many rows as a product of a step that reads prompts has. */
const STEP_ROWS = 192;
/** Of each answer: as few as a label has, and as many as reasoning takes. */
const TOKENS = { prompts: 5, answers: 32 };
const WORDS = 'a small large plant animal person water tree of the with by from used for in'.split(
  ' ',
);
const SYSTEM = 'Name the category of the thing that is defined: animal, person, plant or artifact.';

/** What was done in some seconds, and the share that it is of what the machine can. */
interface Figures {
  promptTokensPerSecond: number;
  answerTokensPerSecond: number;
  share: number;
}

export async function run({ say, print }: BenchOptions): Promise<BenchResult> {
  await ensureEngine({ onProgress: say });
  const folder = await mkdtemp(path.join(tmpdir(), 'semievol-bench-'));
  const engine = await startEngine({ port: 0, stateFolder: folder });
  try {
    const client = new OpenAI({ baseURL: engine.url, apiKey: 'any', maxRetries: 0 });
    const flop = await flopOfToken();
    const rowsOf = (inFlight: number) => Math.min(Math.ceil(inFlight / CORES), SERVING.maxBatch);
    say('products of the model');
    const products = await productsOf([STEP_ROWS, ...IN_FLIGHT.map(rowsOf)]);
    const asked = { prompts: [] as Figures[], answers: [] as Figures[] };
    await ask(client, 4, 4, 2); // warms up, and reads the prefix
    for (const inFlight of IN_FLIGHT) {
      say(`${inFlight} in flight`);
      for (const kind of ['prompts', 'answers'] as const) {
        const requests = kind === 'prompts' ? Math.max(48, 2 * inFlight) : inFlight;
        const { prompt, answer, seconds } = await ask(client, inFlight, requests, TOKENS[kind]);
        // The first token of an answer follows from its prompt. Few others are read beside a prompt when answers are long.
        const beside = products[kind === 'prompts' ? STEP_ROWS : rowsOf(inFlight)]!;
        const least =
          (prompt * flop.layers + requests * flop.head) / products[STEP_ROWS]! +
          ((answer - requests) * (flop.layers + flop.head)) / beside;
        asked[kind].push({
          promptTokensPerSecond: prompt / seconds,
          answerTokensPerSecond: answer / seconds,
          share: least / seconds,
        });
      }
    }
    say('training');
    const training = await train(folder, flop, products[STEP_ROWS]!);
    print(
      table(
        ['in flight', 'uncached prompt tokens/s', 'share', 'answer tokens/s', 'share'],
        IN_FLIGHT.map((inFlight, i) => [
          String(inFlight),
          asked.prompts[i]!.promptTokensPerSecond.toFixed(0),
          percent(asked.prompts[i]!.share),
          asked.answers[i]!.answerTokensPerSecond.toFixed(0),
          percent(asked.answers[i]!.share),
        ]),
      ),
    );
    print(`training: ${training.tokensPerSecond.toFixed(0)} tokens/s, ${percent(training.share)}`);
    const shares = (kind: 'prompts' | 'answers') => asked[kind].map(({ share }) => share);
    const measured = {
      prompts: Math.min(...shares('prompts')),
      answers: Math.min(...shares('answers')),
      training: training.share,
      even: shares('prompts')[IN_FLIGHT.indexOf(16)]! / Math.max(...shares('prompts')),
    };
    return {
      bench: 'engine',
      measured,
      target: TARGET,
      ok: Object.entries(TARGET).every(
        ([name, least]) => measured[name as keyof typeof TARGET] >= least,
      ),
      details: { inFlight: IN_FLIGHT, answerTokens: TOKENS, products, ...asked, training },
    };
  } finally {
    await engine.close();
    await rm(folder, { recursive: true });
  }
}

/** FLOP of a token. */
interface Flop {
  /** In the matrices of all layers. */
  layers: number;
  /** In those of the layers that are tuned. */
  adapted: number;
  head: number;
}

/** As the model's configuration tells its matrices. */
async function flopOfToken(): Promise<Flop> {
  const config = JSON.parse(await readFile(path.join(BASE_MODEL.folder, 'config.json'), 'utf8'));
  const { hidden_size: size, intermediate_size: inner, vocab_size: words } = config;
  const groups = (size / config.num_attention_heads) * config.num_key_value_heads;
  const layer = 2 * (2 * size * size + 2 * size * groups + 3 * size * inner);
  return {
    layers: layer * config.num_hidden_layers,
    adapted: layer * Number(BUILT_IN.training.layers),
    head: 2 * size * words,
  };
}

/** FLOP/s of all cores, by the number of rows each multiplies with the model's matrices. */
async function productsOf(rows: number[]): Promise<Record<number, number>> {
  const script = path.join(import.meta.dirname, 'support', 'products.py');
  const { stdout } = await promisify(execFile)(
    PYTHON_EXECUTABLE,
    [script, BASE_MODEL.folder, ...new Set(rows.map(String))],
    { env: { ...process.env, ...mlxEnvironment(), MKL_NUM_THREADS: '1' } },
  );
  return JSON.parse(stdout);
}

let written = 0;

/** A text of 60 to 90 words that was in no other request. */
const text = (): string => {
  const index = written++;
  const count = 60 + (index % 31);
  return Array.from(
    { length: count },
    (_, i) => WORDS[(index * 7 + i * (index + 3)) % WORDS.length],
  )
    .concat(String(index))
    .join(' ');
};

/** Asks so many questions, so many at a time; answers are no longer than `most` tokens, and some are shorter. */
async function ask(client: OpenAI, inFlight: number, requests: number, most: number) {
  let [next, prompt, answer] = [0, 0, 0];
  const startedAt = performance.now();
  const caller = async () => {
    while (next < requests) {
      const shorter = next++ % 3;
      const { usage } = await client.chat.completions.create({
        model: BASE_MODEL.id,
        messages: [
          { role: 'system', content: SYSTEM },
          { role: 'user', content: text() },
        ],
        temperature: 0,
        logprobs: true,
        max_tokens: Math.max(1, most - shorter),
      });
      prompt += usage!.prompt_tokens - usage!.prompt_tokens_details!.cached_tokens!;
      answer += usage!.completion_tokens;
    }
  };
  await Promise.all(Array.from({ length: inFlight }, caller));
  return { prompt, answer, seconds: (performance.now() - startedAt) / 1000 };
}

/** Trains on rows like the prompts, and times all steps of the second epoch: what is frozen is computed in the first. */
async function train(folder: string, flop: Flop, most: number) {
  const rows = Array.from({ length: 24 }, () => ({
    messages: [
      { role: 'system', content: SYSTEM },
      { role: 'user', content: text() },
      { role: 'assistant', content: 'animal' },
    ],
  }));
  const file = path.join(folder, 'rows.jsonl');
  await writeFile(file, rows.map((row) => JSON.stringify(row)).join('\n'));
  const epochs = 2;
  const times: number[] = [];
  let tokens = 0;
  const { child, lastLines } = startPython(
    { program: program('train'), env: mlxEnvironment() },
    (message: Message) => {
      if (message.tokens) tokens = message.tokens / epochs;
      if (message.step && !message.checkpoint) times.push(performance.now());
    },
  );
  const job = {
    ...trainingOf(BUILT_IN, 1),
    resume_adapter: null,
    rows: file,
    output: path.join(folder, 'adapter'),
    epochs,
    batch_size: JOB_DEFAULTS.batchSize,
    seed: 1,
  };
  const ended = once(child, 'close');
  child.stdin.write(`${JSON.stringify(job)}\n`);
  await ended;
  if (times.length < 2) throw new Error(`The training failed: ${lastLines()}`);
  const seconds = (times.at(-1)! - times[times.length / 2 - 1]!) / 1000;
  // Forward and back to the activations: the weights themselves have no gradient.
  return {
    tokensPerSecond: tokens / seconds,
    share: (tokens * 2 * flop.adapted) / seconds / most,
  };
}
