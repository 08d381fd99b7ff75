import pLimit from 'p-limit';
import { answerKey } from '../core/answer.ts';
import { meanEntropy } from '../core/entropy.ts';
import { finalFailure } from '../core/failures.ts';
import { isGivenUp } from '../core/givenUp.ts';
import { type Sampling, seedFor } from '../core/sampling.ts';
import type {
  Answer,
  AnswerStage,
  ChatMessage,
  OrdinalRange,
  StoredExample,
} from '../core/types.ts';
import type { ChatSample } from '../providers/completion.ts';
import type { Endpoint } from '../providers/endpoint.ts';
import { AnswerBuffer } from './answerBuffer.ts';
import type { Dependencies, RoundContext } from './dependencies.ts';
import type { Tracker } from './progress.ts';

/** A batch may give up so many requests; above, and where they are most, it is at fault itself. */
const MOST_GIVEN_UP = 10;

/** One question to one model; each slot takes one of the samples drawn. */
export interface Ask {
  example: StoredExample;
  model: string;
  messages: ChatMessage[];
  sampling: Sampling;
  slots: { collaborator: string; sample: number }[];
  /** Which draw of the same question is the first; part of the seeds. */
  draw?: number;
}

/** A batch of questions of one stage of a round. */
export interface Batch {
  dependencies: Dependencies;
  context: RoundContext;
  round: number;
  stage: AnswerStage;
  /** Has the examples of all asks. */
  range: OrdinalRange;
  tracker: Tracker;
}

/**
 * Asks what has no stored answer yet and stores the answers while it goes: a repetition asks only
 * for what is missing. After a failure, or when the worker stops, the requests under way are still
 * waited for and their answers stored. A cancellation ends them, and what has come is stored.
 * What is to be told of answers has to be read from the store then: another attempt's may have come
 * first.
 * @throws ApplicationFailure `MostlyUnanswered` where most requests of the batch had to be given up
 */
export async function askMissing(asks: Ask[], batch: Batch): Promise<void> {
  const { dependencies, context, round, stage, range, tracker } = batch;
  const endpoint = dependencies.endpoints.get(context.spec.model.endpoint);
  tracker.watch(() => endpoint.trouble);
  const known = await context.tables.answers({ round, stage, range });
  const keyOf = (exampleId: string, collaborator: string, sample: number) =>
    answerKey({ round, stage, exampleId, collaborator, sample });
  const keys = new Set(known.map((one) => keyOf(one.exampleId, one.collaborator, one.sample)));
  // Where one request cannot draw several samples, each is an ask, and is stored, by itself.
  const sent = asks.flatMap((ask) =>
    endpoint.drawsSeveral(ask.model)
      ? ask
      : ask.slots.map((slot, draw) => ({ ...ask, slots: [slot], draw })),
  );
  const missing = sent.filter((ask) =>
    ask.slots.some((slot) => !keys.has(keyOf(ask.example.id, slot.collaborator, slot.sample))),
  );
  tracker.set({ total: sent.length });
  tracker.add(sent.length - missing.length);
  if (missing.length === 0) return;
  await dependencies.store.ensureSpace(); // what cannot be kept is not asked for

  const buffer = new AnswerBuffer(context.tables, tracker, {
    ofAsks: endpoint.config.maxInFlight,
    awaited: missing.length,
  });
  const givenUp: Answer[] = [];
  // Twice, since those that are being stored should not keep others from being asked.
  const limit = pLimit(2 * endpoint.config.maxInFlight);
  const failures: unknown[] = [];
  let left = missing.length;
  await limit.map(missing, async (ask) => {
    if (failures.length > 0 || tracker.signal.aborted) return;
    try {
      const rows = await askOne(ask, endpoint, batch);
      if (rows.every(({ finishReason }) => isGivenUp(finishReason))) {
        givenUp.push(...rows);
        buffer.expectOneLess();
      } else await buffer.store(rows);
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
  await storeGivenUp(givenUp, missing, batch);
}

async function askOne(ask: Ask, endpoint: Endpoint, batch: Batch): Promise<Answer[]> {
  const { context, tracker, stage } = batch;
  const { model, messages, sampling, slots, draw = 0 } = ask;
  const seeds = slots.map((_, index) => seedFor(context.spec.seed, ask.example.id, draw + index));
  const { signal, deadline } = tracker;
  // A justification is the last that a batch waits for, and there are few.
  const patience = { signal, deadline, isAhead: stage === 'justify' };
  const request = { model, messages, sampling, seeds };
  const samples = await endpoint.chat(request, patience);
  return slots.map((slot, index) => answerOf(ask, slot, samples[index]!, batch));
}

function answerOf(
  { example, model }: Ask,
  slot: Ask['slots'][number],
  sample: ChatSample,
  { round, stage, context }: Batch,
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
    parsed: context.task.parse(rest.text, example, rest.finishReason === 'length'),
    entropy: logprobs && meanEntropy(logprobs),
  };
}

/** Requests given up are unreadable answers; unless they are most of a batch, which fails. */
async function storeGivenUp(
  rows: Answer[],
  asks: readonly Ask[],
  { context, tracker }: Batch,
): Promise<void> {
  if (rows.length > MOST_GIVEN_UP && rows.length > asks.flatMap(({ slots }) => slots).length / 2) {
    const reasons = Object.entries(Object.groupBy(rows, ({ finishReason }) => finishReason))
      .map(([reason, of]) => `${reason} ${of!.length}`)
      .join(', ');
    throw finalFailure(
      'MostlyUnanswered',
      `${rows.length} of ${asks.length} requests of a batch got no answer that can be used, while others are answered (${reasons}): the worker's log has what the endpoint says; are the prompts too long for the model? Then lower shots`,
    );
  }
  await context.tables.addAnswers(rows, tracker.attempt);
}
