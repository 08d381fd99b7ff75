import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { before, describe, it } from 'mocha';
import { forecastRun, type RunForecast } from '../../client/forecast.ts';
import type { Span } from '../../core/forecast/span.ts';
import { runSpec } from '../../core/registry.ts';
import type { RunSpec } from '../../core/spec.ts';
import { usageOf } from '../../core/usage.ts';
import type { ChatQuestion } from '../../testing/answers.ts';
import { chance, tokens } from '../../testing/wire.ts';
import { useBench } from '../support/suite.ts';

const BASE = 'smollm2-135m-instruct';
const EMBEDDER = 'all-minilm-l6-v2';
const TOKENIZER = join(import.meta.dirname, '../fixtures/stand-in-tokenizer');
/** As the stand-in counts. */
const TOKENIZERS = { [BASE]: TOKENIZER, [EMBEDDER]: TOKENIZER, wise: TOKENIZER };
const LABELS = ['animal', 'artifact', 'food', 'person', 'plant'];

interface Sizes {
  labelled: number;
  unlabelled: number;
  test: number;
}

/** What the stand-in has seen of a run, or a run is thought to send. */
interface Amounts<T> {
  requests: T;
  promptTokens: T;
  completionTokens: T;
  trainedTokens: T;
}
const AMOUNTS = ['requests', 'promptTokens', 'completionTokens', 'trainedTokens'] as const;

/** A question of 4 to 40 words that nobody else asks. */
function questionOf(name: string, number: number): string {
  const length = 4 + Math.floor(36 * chance('length', name, number) ** 2);
  const word = (index: number) => `w${Math.floor(60 * chance('word', name, number, index))}`;
  return [`thing ${name}-${number}`, ...Array.from({ length }, (_, index) => word(index))].join(
    ' ',
  );
}

describe('a forecast is held against what the provider sees', () => {
  const bench = useBench('suite', { models: [BASE, EMBEDDER, 'wise'] });
  before(() => bench.startWorker());

  async function writeSpec(
    name: string,
    changes: object,
    sizes: Sizes,
    answerTo: (question: string) => string,
  ): Promise<RunSpec> {
    const folder = join(bench.folder, name);
    await mkdir(folder);
    const data: Record<string, string> = {};
    let number = 0;
    for (const [split, count] of Object.entries(sizes)) {
      if (count === 0) continue;
      const rows = Array.from({ length: count }, () => {
        const question = questionOf(name, number++);
        return JSON.stringify({ question, answer: answerTo(question) });
      });
      data[split] = join(folder, `${split}.jsonl`);
      await writeFile(data[split], `${rows.join('\n')}\n`);
    }
    const task = { type: 'classification', labels: LABELS };
    return runSpec.parse({ name, task, data, batch: { size: 20, window: 2 }, ...changes });
  }

  /** Runs a spec. @returns what the stand-in has answered it, by its own journal and its jobs */
  async function spentBy(spec: RunSpec): Promise<Amounts<number>> {
    const seen = bench.provider.requests().length;
    const jobs = bench.provider.jobs.all().length;
    const run = await bench.start(spec);
    await run.result();
    const requests = bench.provider.requests({ status: 200 }).filter(({ index }) => index > seen);
    const chats = requests.filter((one) => one.kind === 'chat');
    const embeddings = requests.filter((one) => one.kind === 'embeddings');
    const ofMessages = chats
      .flatMap(({ body }) => body.messages)
      .map(({ content }) => tokens(content as string).length + 4);
    const ofTexts = embeddings
      .flatMap(({ body }) => body.input as string[])
      .map((text) => tokens(text).length);
    const made = bench.provider.jobs.all().slice(0, bench.provider.jobs.all().length - jobs);
    const reports = await bench.reports(spec.name);
    return {
      requests: chats.length + embeddings.length,
      promptTokens: sum([...ofMessages, ...ofTexts]),
      completionTokens: sum(reports.map(({ usage }) => usageOf(usage).completionTokens)),
      trainedTokens: sum(made.map(({ trained_tokens }) => trained_tokens ?? 0)),
    };
  }

  const forecast = (spec: RunSpec, probe = false) =>
    forecastRun(spec, bench.config, { tokenizers: TOKENIZERS, probe });

  interface Case {
    what: string;
    spec: object;
    sizes?: Sizes;
    answerTo?: (question: string) => string;
    chat?: (question: ChatQuestion) => string | undefined;
    /** How far the likeliest may be from the truth, all tokens together: a share. */
    within?: number;
    probe?: boolean;
  }

  const SIZES = { labelled: 20, unlabelled: 40, test: 16 };
  const labelOf = (question: string) => LABELS[Math.floor(5 * chance('label', question))]!;
  const sentence = (question: string) =>
    `it is ${['here', 'there', 'far away'][Math.floor(3 * chance('place', question))]}`;
  /** Reasons of 20 to 60 words. */
  const reasons = ({ text, model }: ChatQuestion) =>
    `${'since it is so '.repeat(5 + Math.floor(10 * chance('reasons', text, model)))}\nAnswer: ${labelOf(text)}`;

  const cases: Case[] = [
    {
      what: 'classification with four collaborators',
      spec: { resolution: 'justify' },
      within: 0.15,
    },
    {
      what: 'collaborators of several answers, at another model, and free ones',
      spec: {
        collaborators: [
          { name: 'several', samples: 3, temperature: 1, shots: 2 },
          { name: 'again', shots: 2, temperature: 1 },
          { name: 'wise', model: 'wise', shots: 4, skip: 1, order: 'nearest-first' },
          { name: 'near', type: 'neighbours' },
        ],
        resolution: 'vote',
      },
      within: 0.15,
    },
    {
      what: 'three rounds',
      spec: { rounds: 3, resolution: 'probability' },
      sizes: { labelled: 12, unlabelled: 20, test: 10 },
      within: 0.15,
    },
    {
      what: 'co-training with four warm-ups and no neighbours',
      spec: {
        coTraining: true,
        collaborators: ['warm-up', 'warm-up-2', 'warm-up-3', 'warm-up-4'].map((model) => ({
          ...{ name: model, model, shots: 0 },
        })),
        training: { epochs: 8 },
        evolve: { epochs: 2, batchSize: 8 },
        selection: { rule: 'paper', percentile: 75, score: 'probability' },
      },
      within: 0.15,
    },
    {
      what: 'cross-fitting, since there are enough labels to compare the ways',
      spec: {},
      sizes: { labelled: 100, unlabelled: 20, test: 10 },
      within: 0.15,
    },
    {
      what: 'labelled examples held out for a rule that calibrates',
      spec: { selection: { rule: 'calibrated', error: 0.9 }, resolution: 'vote', rounds: 2 },
      sizes: { labelled: 40, unlabelled: 20, test: 10 },
    },
    {
      what: 'an evaluation without SFT of equal steps, and with retrieval',
      spec: {
        evaluation: { sft: 'equal-epochs', rag: { shots: 5 } },
        selection: { rule: 'paper', candidates: 30, confidentWeight: 3, nearDuplicates: 0.99 },
        evolve: { labelledWeight: 2, from: 'warm-up' },
        resolution: 'vote',
      },
      within: 0.15,
    },
    {
      what: 'no further than selection',
      spec: { until: 'select', retrieval: { mode: 'bm25' }, resolution: 'vote' },
      within: 0.15,
    },
    {
      what: 'short free text',
      spec: { task: { type: 'free-form' }, resolution: 'vote' },
      answerTo: sentence,
      chat: ({ text }) => sentence(text.split('\n').at(-1)!),
      within: 0.15,
    },
    {
      what: 'long free text with a judge',
      spec: {
        task: { type: 'free-form', answers: 'long' },
        judge: { model: 'wise' },
        resolution: 'vote',
      },
      answerTo: sentence,
      chat: ({ text, model }) =>
        model === 'wise' ? 'Verdict: right' : `${sentence(text)} ${model.length}`,
    },
    {
      what: 'answers after reasoning, which are taught',
      spec: { answer: { form: 'reasoned', target: 'response' }, resolution: 'vote' },
      chat: reasons,
    },
    {
      what: 'the same where the models were asked before',
      spec: { answer: { form: 'reasoned', target: 'response' }, resolution: 'vote' },
      chat: reasons,
      probe: true,
      within: 0.15,
    },
    {
      what: 'no test split, but folds of the labelled examples',
      spec: {
        ...{ gate: { folds: 3 }, rounds: 2, resolution: 'probability' },
        // How long worked examples are is a matter of luck with so few.
        collaborators: [{ name: 'plain', shots: 0 }],
      },
      sizes: { labelled: 36, unlabelled: 20, test: 0 },
      within: 0.15,
    },
  ];

  for (const [index, { what, spec, within, ...given }] of cases.entries())
    it(what, async () => {
      const { sizes = SIZES, answerTo = labelOf, chat, probe } = given;
      bench.provider.setAnswers(chat ? { chat } : {});
      const written = await writeSpec(`case-${index}`, spec, sizes, answerTo);
      const planned = amountsOf(await forecast(written, probe));
      const spent = await spentBy(written);
      for (const amount of AMOUNTS) {
        const { low, high } = planned[amount];
        const isWithin = low - 1 <= spent[amount] && spent[amount] <= high + 1;
        assert.ok(isWithin, `${amount}: ${spent[amount]} is not in ${low} to ${high}`);
      }
      const [likely, truth] = [tokensIn(planned, 'likely'), tokensIn(spent)];
      if (process.env.SHOW) console.log(what, spent, JSON.stringify(planned), likely / truth);
      if (within !== undefined)
        assert.ok(Math.abs(likely / truth - 1) <= within, `${likely} for ${truth} tokens`);
    });
});

const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);

function amountsOf({ uses, problems }: RunForecast): Amounts<Span> {
  assert.deepEqual(problems, []);
  const spanOf = (amount: (typeof AMOUNTS)[number]): Span => ({
    low: sum(uses.map((use) => use[amount].low)),
    likely: sum(uses.map((use) => use[amount].likely)),
    high: sum(uses.map((use) => use[amount].high)),
  });
  return {
    requests: spanOf('requests'),
    promptTokens: spanOf('promptTokens'),
    completionTokens: spanOf('completionTokens'),
    trainedTokens: spanOf('trainedTokens'),
  };
}

function tokensIn(amounts: Amounts<number>): number;
function tokensIn(amounts: Amounts<Span>, of: keyof Span): number;
function tokensIn(amounts: Amounts<Span | number>, of?: keyof Span): number {
  const { promptTokens, completionTokens, trainedTokens } = amounts;
  return sum(
    [promptTokens, completionTokens, trainedTokens].map((amount) =>
      typeof amount === 'number' ? amount : amount[of!],
    ),
  );
}
