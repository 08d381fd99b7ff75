import { ApplicationFailure } from '@temporalio/common';
import pLimit from 'p-limit';
import { meanEntropy } from '../core/entropy.ts';
import { answerKey, seedFor } from '../core/shots.ts';
import type { Task } from '../core/tasks.ts';
import type { Answer, AnswerStage, ChatMessage, StoredExample } from '../core/types.ts';
import { type ChatSample, unanswered } from '../providers/completion.ts';
import type { Endpoint } from '../providers/endpoint.ts';
import type { RunTables } from '../store/run.ts';
import type { Tracker } from './progress.ts';

/** How long answers wait, at the most, for others to be stored with. */
const GROUP_MS = 250;
/** From this attempt of an activity on, an answer that cannot be read is stored as it is. */
const PATIENCE = 5;

/** One question to one model; each slot takes one of the samples drawn. */
export interface Ask {
  example: StoredExample;
  model: string;
  messages: ChatMessage[];
  temperature: number;
  maxTokens: number;
  slots: { collaborator: string; sample: number }[];
  /** Which draw of the same question this is, where each is a request of its own; part of its seed. */
  draw?: number;
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
 * for what is missing. After a failure, or when the worker stops, the requests under way are still
 * waited for and their answers stored. A cancellation ends them, and what has come is stored.
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
  // Where one request cannot draw several samples, each is an ask, and is stored, by itself.
  const sent = endpoint.config.supportsN
    ? asks
    : asks.flatMap((ask) => ask.slots.map((slot, draw) => ({ ...ask, slots: [slot], draw })));
  const missing = sent.filter((ask) =>
    ask.slots.some((slot) => !keys.has(keyOf(ask.example.id, slot.collaborator, slot.sample))),
  );
  tracker.set({ total: sent.length });
  tracker.add(sent.length - missing.length);

  const buffer = new AnswerBuffer(context, missing.length);
  const answers = [...known];
  // Twice, since those that are being stored should not keep others from being asked.
  const limit = pLimit(2 * endpoint.config.maxInFlight);
  const failures: unknown[] = [];
  let left = missing.length;
  await limit.map(missing, async (ask) => {
    if (failures.length > 0 || tracker.signal.aborted) return;
    try {
      const rows = await askOne(ask, context);
      answers.push(...rows);
      await buffer.store(rows);
      tracker.add(1);
      left--;
    } catch (error) {
      failures.push(error);
    }
  });
  if (left > 0) {
    tracker.signal.throwIfAborted();
    throw failures[0];
  }
  return answers;
}

async function askOne(ask: Ask, context: AskContext): Promise<Answer[]> {
  const { endpoint, tracker, seed, stage } = context;
  const request = {
    model: ask.model,
    messages: ask.messages,
    temperature: ask.temperature,
    maxTokens: ask.maxTokens,
    seed: seedFor(seed, ask.example.id, ask.draw ?? 0),
    samples: ask.slots.length,
  };
  const { signal, deadline } = tracker;
  // A justification is the last that a batch waits for, and there are few.
  const patience = { signal, deadline, isAhead: stage === 'justify' };
  const samples = await endpoint.chat(request, patience).catch((error: unknown) => {
    const unreadable = error instanceof ApplicationFailure && error.type === 'UnreadableAnswer';
    if (!unreadable || tracker.attempt < PATIENCE) throw error;
    return ask.slots.map(() => unanswered('unreadable'));
  });
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
    parsed: task.parse(rest.text, example, rest.finishReason === 'length'),
    entropy: logprobs && meanEntropy(logprobs),
  };
}

/**
 * Stores answers in groups: each append is a fragment of the table, so they should be few, and an
 * answer that is not stored is asked for again after a crash, so they should be soon.
 */
class AnswerBuffer {
  readonly #context: AskContext;
  /** Asks whose answers have not come yet: nobody is waited for after the last. */
  #awaited: number;
  #asks = 0;
  #rows: Answer[] = [];
  #full = Promise.withResolvers<void>();
  #group?: Promise<void>;

  constructor(context: AskContext, asks: number) {
    this.#context = context;
    this.#awaited = asks;
  }

  /** Resolves when the rows, which answer one ask, are stored. */
  store(rows: Answer[]): Promise<void> {
    this.#rows.push(...rows);
    this.#group ??= this.#commit();
    const group = this.#group;
    this.#asks++;
    this.#awaited--;
    if (this.#asks >= this.#context.endpoint.config.maxInFlight || this.#awaited === 0)
      this.#full.resolve();
    return group;
  }

  async #commit(): Promise<void> {
    const timer = setTimeout(() => this.#full.resolve(), GROUP_MS);
    await this.#full.promise;
    clearTimeout(timer);
    const rows = this.#rows;
    this.#rows = [];
    this.#asks = 0;
    this.#full = Promise.withResolvers();
    this.#group = undefined;
    await this.#context.tables.addAnswers(rows, this.#context.tracker.attempt);
  }
}
