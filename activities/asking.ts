import pLimit from 'p-limit';
import { meanEntropy } from '../core/entropy.ts';
import { answerKey, seedFor } from '../core/shots.ts';
import type { Task } from '../core/tasks.ts';
import type { Answer, AnswerStage, ChatMessage, StoredExample } from '../core/types.ts';
import type { ChatSample, Endpoint } from '../providers/endpoint.ts';
import type { RunTables } from '../store/run.ts';
import type { Tracker } from './progress.ts';

const FLUSH_ROWS = 200;
const FLUSH_MS = 2_000;

/** One question to one model; each slot takes one of the samples drawn. */
export interface Ask {
  example: StoredExample;
  model: string;
  messages: ChatMessage[];
  temperature: number;
  maxTokens: number;
  slots: { collaborator: string; sample: number }[];
}

export interface AskContext {
  endpoint: Endpoint;
  tables: RunTables;
  task: Task;
  round: number;
  stage: AnswerStage;
  /** The run's seed; an ask's own follows from it, the example and the first sample. */
  seed: number;
  tracker: Tracker;
}

/**
 * Asks what has no stored answer yet and stores the answers while it goes: a repetition asks only
 * for what is missing. After a failure or a cancellation the requests under way are still waited
 * for and their answers stored; only then the failure is thrown.
 * @param known the stored answers among those wanted
 * @returns all answers, the known ones included
 */
export async function askMissing(
  asks: Ask[],
  known: Answer[],
  context: AskContext,
): Promise<Answer[]> {
  const { endpoint, tracker } = context;
  const keyOf = (exampleId: string, collaborator: string, sample: number) =>
    answerKey({ round: context.round, stage: context.stage, exampleId, collaborator, sample });
  const keys = new Set(known.map((one) => keyOf(one.exampleId, one.collaborator, one.sample)));
  const missing = asks.filter((ask) =>
    ask.slots.some((slot) => !keys.has(keyOf(ask.example.id, slot.collaborator, slot.sample))),
  );
  tracker.add(asks.length - missing.length);

  const buffer = new AnswerBuffer(context.tables, tracker.attempt);
  const answers = [...known];
  const limit = pLimit(endpoint.config.maxInFlight);
  const failures: unknown[] = [];
  await limit.map(missing, async (ask) => {
    if (failures.length > 0 || tracker.signal.aborted) return;
    try {
      const rows = await askOne(ask, context);
      answers.push(...rows);
      await buffer.add(rows);
      tracker.add(1);
    } catch (error) {
      failures.push(error);
    }
  });
  await buffer.flush();
  tracker.signal.throwIfAborted();
  if (failures.length > 0) throw failures[0];
  return answers;
}

async function askOne(ask: Ask, context: AskContext): Promise<Answer[]> {
  const samples = await context.endpoint.chat(
    {
      model: ask.model,
      messages: ask.messages,
      temperature: ask.temperature,
      maxTokens: ask.maxTokens,
      seed: seedFor(context.seed, ask.example.id, ask.slots[0]!.sample),
      samples: ask.slots.length,
    },
    context.tracker.signal,
  );
  return ask.slots.map((slot, index) => answerOf(ask, slot, samples[index]!, context));
}

function answerOf(
  { example, model }: Ask,
  slot: Ask['slots'][number],
  sample: ChatSample,
  { round, stage, task }: AskContext,
): Answer {
  const { logprobs, ...rest } = sample;
  return {
    round,
    stage,
    split: example.split,
    ordinal: example.ordinal,
    exampleId: example.id,
    ...slot,
    model,
    ...rest,
    parsed: task.parse(sample.text, example),
    entropy: logprobs && logprobs.length > 0 ? meanEntropy(logprobs) : null,
  };
}

/** Collects answers into few, large appends: each append is a fragment of the table. */
class AnswerBuffer {
  readonly #tables: RunTables;
  readonly #attempt: number;
  #rows: Answer[] = [];
  #since = Date.now();

  constructor(tables: RunTables, attempt: number) {
    this.#tables = tables;
    this.#attempt = attempt;
  }

  async add(rows: Answer[]): Promise<void> {
    this.#rows.push(...rows);
    if (this.#rows.length >= FLUSH_ROWS || Date.now() - this.#since >= FLUSH_MS) await this.flush();
  }

  async flush(): Promise<void> {
    const rows = this.#rows;
    this.#rows = [];
    this.#since = Date.now();
    if (rows.length > 0) await this.#tables.addAnswers(rows, this.#attempt);
  }
}
