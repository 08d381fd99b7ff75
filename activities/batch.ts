import pLimit from 'p-limit';
import {
  type Answer,
  type AnswerStage,
  answerKey,
  isAway,
  isGivenUp,
  paidBefore,
} from '../core/answer.ts';
import { certaintyOf } from '../core/certainty.ts';
import { SemiEvolError } from '../core/errors.ts';
import {
  addFailing,
  type Failing,
  failingAmong,
  failingText,
  NONE_FAILING,
  type Tolerance,
  tooManyFail,
} from '../core/failing.ts';
import { finalFailure } from '../core/failures.ts';
import { type Options, sharesOf, TOP_LOGPROBS } from '../core/optionShares.ts';
import { type Sampling, seedFor } from '../core/sampling.ts';
import { type Sharing, sharingOf } from '../core/sharing.ts';
import type { Spent } from '../core/spent.ts';
import { readReasoned } from '../core/tasks/reasoned.ts';
import { allTroubles } from '../core/trouble.ts';
import type { ChatMessage, JsonSchema, OrdinalRange, StoredExample } from '../core/types.ts';
import type { Transport } from '../core/usage.ts';
import type { ChatSample } from '../providers/completion.ts';
import type { Endpoint } from '../providers/endpoint.ts';
import type { SharedAnswer } from '../store/sharedAnswers.ts';
import { AnswerBuffer } from './answerBuffer.ts';
import { AwayClock, type AwaySince } from './awayClock.ts';
import { goByFindings } from './capabilities.ts';
import { type Counter, counterOf, sideCounter } from './counter.ts';
import type { Dependencies, RoundContext } from './dependencies.ts';
import { whileHosted } from './hosted.ts';
import type { Tracker } from './progress.ts';
import { hashOf, requestKey, type SentRequest, sharedAnswer } from './sharing.ts';
import { rootIn, Spending } from './spending.ts';

/** What is put up with where nobody says: as many examples may fail as are answered. */
const USUAL: Tolerance = { most: 0.5, before: NONE_FAILING };

/** One question to one model; each slot takes one of the samples drawn. */
export interface Question {
  example: StoredExample;
  /** Name of the endpoint that is asked. */
  endpoint: string;
  model: string;
  messages: ChatMessage[];
  sampling: Sampling;
  /** Whether the model is asked to reason, and to end with the line "Answer: …". */
  isReasoned: boolean;
  /** Makes of a text what is stored as `parsed`; the task does where it is left out. */
  read?: ((text: string, isCut: boolean) => string | null) | undefined;
  /** The answers that there can be, where it is to be told what the model gives each of them. */
  options?: Options | undefined;
  /** What answers are to keep to, where the model gives structured output. */
  schema?: JsonSchema | undefined;
  slots: { collaborator: string; sample: number }[];
  /** For how long the model may be away until it is gone on without it; it is waited for without. */
  goOnAfterMinutes?: number | undefined;
}

/** A question as it is sent: where one request cannot draw several samples, each is a request. */
interface Request extends Question {
  /** Which draw of the question is the first; part of the seeds. */
  draw: number;
}

/** What is told of a request before it is sent. */
export interface Carried {
  stage: AnswerStage;
  sent: SentRequest;
  /** Names the request and where its answers are stored: no other request of the round has it. */
  id: string;
}

/**
 * What becomes of a request: it is answered already, it is to be sent by itself, or it waits for a
 * batch.
 */
export type Course = ChatSample[] | 'send' | 'wait';

/** Sees to requests before anything is sent, such as by writing them down for a batch. */
export interface Carrier {
  /** Called one after the other, in the order of the questions. */
  carry(request: Carried): Promise<Course>;
}

/** Some requests of a stage wait for a batch: what follows from their answers has to wait, too. */
export class AnswersAwaited extends SemiEvolError {
  override readonly name = 'AnswersAwaited';
  readonly stage: AnswerStage;

  constructor(stage: AnswerStage) {
    super(`answers of ${stage} are awaited`);
    this.stage = stage;
  }
}

/** How many answers questions get. */
export const answersTo = (questions: readonly Pick<Question, 'slots'>[]): number =>
  questions.reduce((total, { slots }) => total + slots.length, 0);

/** Where a batch stands, and what it works with. */
export interface BatchOptions {
  dependencies: Dependencies;
  context: RoundContext;
  tracker: Tracker;
  round: number;
  stage: AnswerStage;
  range: OrdinalRange;
  examples: StoredExample[];
  /** Whether its requests go before those of others. */
  isAhead?: boolean;
  /** How many examples may fail. */
  tolerance?: Tolerance | undefined;
  /** Sees to its requests; each is sent by itself where it is left out. */
  carrier?: Carrier | undefined;
}

/** What a batch has in common with the same examples in another stage. */
interface Shared {
  spending: Spending;
  failing: { sum: Failing };
  away: AwayClock;
}

function sharedIn({ tracker }: BatchOptions): Shared {
  const away = new AwayClock(tracker.kept as AwaySince | undefined);
  tracker.keep(() => away.since);
  return { spending: new Spending(), failing: { sum: NONE_FAILING }, away };
}

/** A range of examples in one stage of a round, and what models answer to questions about them. */
export class Batch {
  readonly context: RoundContext;
  readonly examples: readonly StoredExample[];
  readonly tracker: Tracker;
  /** Of the batch in all its stages. */
  readonly spending: Spending;
  readonly #options: BatchOptions;
  readonly #shared: Shared;
  readonly #counter: Counter;
  readonly #sharing: Sharing | undefined;

  /** @param shared with the same examples in other stages of the round */
  constructor(
    options: BatchOptions,
    shared = sharedIn(options),
    counter: Counter = counterOf(options.tracker),
  ) {
    const { context, examples, tracker } = options;
    this.#options = options;
    this.context = context;
    this.examples = examples;
    this.tracker = tracker;
    this.#shared = shared;
    this.#sharing = sharingOf(options.context.spec);
    this.#counter = counter;
    this.spending = shared.spending;
  }

  /** The same examples in another stage of the round. @param unit what it is asked for, for people */
  in(stage: AnswerStage, unit: string): Batch {
    const options = { ...this.#options, stage };
    return new Batch(options, this.#shared, sideCounter(this.tracker, unit));
  }

  /** What all answers of the batch have cost, those that an earlier attempt got included. */
  get spent(): Spent {
    return this.spending.spent(this.#options.dependencies.endpoints, rootIn(this.context));
  }

  /** How many examples it has asked about, and how many failed. */
  get failing(): Failing {
    return this.#shared.failing.sum;
  }

  /** The answers that are stored. */
  answers(): Promise<Answer[]> {
    const { context, round, stage, range } = this.#options;
    return context.tables.answers({ round, stage, range });
  }

  /** Stores answers; of those that are stored already nothing changes. */
  store(answers: readonly Answer[]): Promise<void> {
    const { context, tracker } = this.#options;
    return context.tables.addAnswers(answers, tracker.attempt);
  }

  /**
   * Asks what has no stored answer yet, each question at its endpoint, and stores the answers while
   * it goes: a repetition asks only for what is missing. What another run of the scope that the run
   * shares was answered is taken over. After a failure, or when the worker stops,
   * the requests under way are still waited for and their answers stored. A cancellation ends them,
   * and what has come is stored. A question may be gone on without where its model is away for too
   * long: that is stored, too. What is to be told of answers has to be read from the store then:
   * another attempt's may have come first.
   * @throws ApplicationFailure `MostlyUnanswered` where more examples fail than is put up with;
   * AnswersAwaited where some wait for a batch
   */
  async ask(questions: readonly Question[]): Promise<void> {
    const { dependencies, tracker, context, stage } = this.#options;
    await goByFindings(dependencies, context.spec, questions);
    const requests = questions.flatMap((question) => this.#requestsOf(question));
    const missing = await this.#notTakenOver(await this.#withoutAnswer(requests));
    this.#counter.expect(answersTo(requests));
    this.#counter.add(answersTo(requests) - answersTo(missing));
    if (missing.length === 0) return;
    await dependencies.store.ensureSpace(); // what cannot be kept is not asked for
    const { answered, toSend } = await this.#courses(missing);
    const open = [...answered.keys(), ...toSend];
    const { size: asked } = new Set(questions.map(({ example }) => example.id));
    if (open.length > 0)
      await whileHosted(dependencies, toSend, tracker, () => this.#askAll(open, answered, asked));
    if (open.length < missing.length) throw new AnswersAwaited(stage);
  }

  /** Which requests are answered already, and which are to be sent; the others wait for a batch. */
  async #courses(missing: readonly Request[]) {
    const { carrier } = this.#options;
    const answered = new Map<Request, ChatSample[]>();
    if (!carrier) return { answered, toSend: missing };
    const toSend: Request[] = [];
    for (const request of missing) {
      const course = await carrier.carry(this.#carried(request));
      if (course === 'send') toSend.push(request);
      else if (course !== 'wait') answered.set(request, course);
    }
    return { answered, toSend };
  }

  async #askAll(
    missing: readonly Request[],
    answered: ReadonlyMap<Request, ChatSample[]>,
    asked: number,
  ): Promise<void> {
    const { tracker } = this.#options;
    const failures: unknown[] = [];
    const byEndpoint = Map.groupBy(missing, ({ endpoint }) => this.#endpoint(endpoint));
    tracker.watch(() => allTroubles([...byEndpoint.keys()].map(({ trouble }) => trouble)));
    const asking = [...byEndpoint].map(async ([endpoint, requests]) => ({
      requests,
      ...(await this.#askAt(endpoint, requests, { failures, answered })),
    }));
    const parts = await Promise.all(asking);
    if (parts.some(({ left }) => left > 0)) {
      tracker.signal.throwIfAborted();
      throw failures[0];
    }
    const givenUp = parts.flatMap((part) => part.givenUp);
    await this.#storeGivenUp(givenUp, missing, asked);
  }

  /**
   * Asks an endpoint, and stores its answers; begins nothing new once something has failed.
   * @param failures takes what fails
   * @param answered what a batch has answered, which is not asked
   * @returns how many requests have no answer, and the rows of those that were given up
   */
  async #askAt(
    endpoint: Endpoint,
    requests: readonly Request[],
    { failures, answered }: { failures: unknown[]; answered: ReadonlyMap<Request, ChatSample[]> },
  ) {
    const { context, dependencies, tracker } = this.#options;
    const { maxInFlight } = endpoint.config;
    const { tables } = context;
    const shared = this.#sharing && dependencies.store.shared(this.#sharing.scope);
    // What a batch has answered is there at once.
    const ofAsks = maxInFlight + answered.size;
    const size = { ofAsks, awaited: requests.length };
    const buffer = new AnswerBuffer({ tables, shared }, tracker, size);
    const givenUp: Answer[] = [];
    // Twice, since those that are being stored should not keep others from being asked.
    const limit = pLimit(2 * maxInFlight + answered.size);
    let left = requests.length;
    await limit.map(requests, async (request) => {
      if (failures.length > 0 || tracker.signal.aborted) return;
      try {
        const known = answered.get(request);
        const samples = known ?? (await this.#samplesOf(request, endpoint));
        const transport = known ? 'batch' : 'direct';
        const rows = this.#rowsOf(request, samples, transport);
        this.spending.addAnswers(rows);
        if (rows.every(({ finishReason }) => isGivenUp(finishReason))) {
          givenUp.push(...rows);
          buffer.expectOneLess();
        } else {
          await buffer.store(rows, this.#toShare(request, samples, transport));
        }
        this.#counter.add(request.slots.length);
        left--;
      } catch (error) {
        failures.push(error);
      }
    });
    return { left, givenUp };
  }

  /**
   * Stores what other runs of the scope were answered, and what an earlier attempt was that had no time
   * to store it, which was paid for here. @returns the requests that are to be sent
   */
  async #notTakenOver(requests: readonly Request[]): Promise<readonly Request[]> {
    const { dependencies } = this.#options;
    const asked = requests.filter(({ model }) => this.#sharing?.covers(model));
    if (!this.#sharing || asked.length === 0) return requests;
    const ids = new Set(asked.map(({ example }) => example.id));
    const known = await dependencies.store.shared(this.#sharing.scope).about([...ids]);
    const taken: Answer[] = [];
    const open = requests.filter((request) => {
      const answered = known.get(requestKey(this.#asSent(request)));
      if (answered === undefined) return true;
      const { samples, place, transport } = answered;
      const rows = this.#rowsOf(request, JSON.parse(samples) as ChatSample[], transport);
      const isOwn = place === this.#placeOf(request);
      if (isOwn) this.spending.addAnswers(rows);
      taken.push(...(isOwn ? rows : rows.map((row) => paidBefore(row, {}))));
      return false;
    });
    if (taken.length > 0) await this.store(taken);
    return open;
  }

  /** What others take over of it, if they may. */
  #toShare(
    request: Request,
    samples: readonly ChatSample[],
    transport: Transport,
  ): SharedAnswer | undefined {
    if (samples.some(isAway) || !this.#sharing?.covers(request.model)) return undefined;
    const paid = { place: this.#placeOf(request), transport };
    return sharedAnswer(this.#asSent(request), request.example, samples, paid);
  }

  /** Where its answers are stored: no other request of any run has the same. */
  #placeOf(request: Request): string {
    return hashOf({ run: this.context.spec.name, id: this.#carried(request).id });
  }

  #endpoint(name: string): Endpoint {
    return this.#options.dependencies.endpoints.get(name);
  }

  #requestsOf(question: Question): Request[] {
    return this.#endpoint(question.endpoint).drawsSeveral(question.model)
      ? [{ ...question, draw: 0 }]
      : question.slots.map((slot, draw) => ({ ...question, slots: [slot], draw }));
  }

  async #withoutAnswer(requests: readonly Request[]): Promise<Request[]> {
    const { round, stage } = this.#options;
    const stored = new Map((await this.answers()).map((answer) => [answerKey(answer), answer]));
    return requests.filter(({ example: { id: exampleId }, slots }) => {
      const answers = slots.map((slot) =>
        stored.get(answerKey({ round, stage, exampleId, ...slot })),
      );
      this.spending.addAnswers(answers.filter((answer) => answer !== undefined));
      return answers.includes(undefined);
    });
  }

  async #samplesOf(request: Request, endpoint: Endpoint): Promise<ChatSample[]> {
    const { tracker, isAhead } = this.#options;
    const { model, goOnAfterMinutes } = request;
    const { signal, deadline } = tracker;
    const samples = await endpoint.chat(this.#asSent(request), {
      signal,
      deadline,
      isAhead,
      away: this.#shared.away.limit(endpoint, model, goOnAfterMinutes),
    });
    if (!samples.every(isAway)) this.#shared.away.answered(endpoint, model);
    return samples;
  }

  #asSent({ endpoint, model, messages, sampling, schema, ...request }: Request): SentRequest {
    const { example, slots, draw, options } = request;
    const { seed } = this.context.spec;
    const seeds = slots.map((_, index) => seedFor(seed, example.id, draw + index));
    const topLogprobs = options && TOP_LOGPROBS;
    return { endpoint, model, messages, sampling, seeds, schema, topLogprobs };
  }

  #carried(request: Request): Carried {
    const { round, stage } = this.#options;
    const sent = this.#asSent(request);
    const { example, slots } = request;
    const place = { round, stage, exampleId: example.id, slots };
    return { stage, sent, id: hashOf({ place, sent }) };
  }

  #rowsOf(request: Request, samples: readonly ChatSample[], transport: Transport): Answer[] {
    return request.slots.map((slot, index) => ({
      ...this.#answerOf(request, slot, samples[index]!),
      transport,
    }));
  }

  #answerOf(
    question: Question,
    slot: Question['slots'][number],
    sample: ChatSample,
  ): Omit<Answer, 'transport'> {
    const { round, stage, context } = this.#options;
    const { example, endpoint, model, isReasoned, options } = question;
    const { spec, task } = context;
    const byTask = (text: string, isCut: boolean) =>
      isReasoned ? readReasoned(task, text, example, isCut) : task.parse(text, example, isCut);
    const read = question.read ?? byTask;
    const isCut = sample.finishReason === 'length';
    const { thoughts, tokens, allTokens: _, ...rest } = sample;
    const parsed = read(rest.text, isCut);
    const isKept = spec.answer.thoughts === 'keep' && thoughts !== '';
    return {
      round,
      stage,
      split: example.split,
      ordinal: example.ordinal,
      exampleId: example.id,
      ...slot,
      ...{ endpoint, model },
      ...rest,
      text: isKept ? `${thoughts}\n\n${rest.text}` : rest.text,
      parsed,
      ...certaintyOf(sample, spec.answer, isReasoned),
      shares: options ? sharesOf(tokens, options, parsed) : null,
    };
  }

  /** Requests given up are unreadable answers; unless too many examples fail for them. */
  async #storeGivenUp(
    rows: readonly Answer[],
    requests: readonly Request[],
    asked: number,
  ): Promise<void> {
    const { tolerance = USUAL } = this.#options;
    const wanted = Map.groupBy(requests, ({ example }) => example.id);
    const now = failingAmong(rows, (id) => answersTo(wanted.get(id)!), asked);
    if (tooManyFail(now, tolerance)) throw finalFailure('MostlyUnanswered', failingText(now), now);
    this.#shared.failing.sum = addFailing(this.#shared.failing.sum, now);
    await this.store(rows);
  }
}
