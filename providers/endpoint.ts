import { setTimeout as sleep } from 'node:timers/promises';
import OpenAI, { APIError } from 'openai';
import { CircuitBreaker } from './breaker.ts';
import { type ChatSample, samplesOf, TooFewSamples, unanswered } from './completion.ts';
import type { EndpointConfig } from './config.ts';
import { vectorsOf } from './embeddings.ts';
import { endpointFailure, type Trouble, troubleOf, UnreadableAnswer } from './errors.ts';
import { fetchText } from './fetch.ts';
import {
  bodyOf,
  type ChatRequest,
  chatFeatures,
  embeddingFeatures,
  type Feature,
  type Refused,
  suspects,
} from './form.ts';
import { AdaptiveLimiter } from './limiter.ts';
import { inOneForm, saidBy } from './said.ts';
import { answerOf } from './wire.ts';

export type { ChatRequest };

/** How often the client repeats a request that is safe to repeat. */
const RETRIES = 2;
/** How often we repeat a request whose answer cannot be read, which the client does not. */
const READ_AGAIN = 2;
/** How often a request may fail, each time after repetitions, while others are answered. */
const FAILURES = 4;
/** The same, of refusals: they are no accidents. */
const REFUSALS = 2;
/** How much longer we wait after each. */
const SLOWER = 4;
/** A text to embed is not cut to fewer characters than this. */
const SHORTEST = 200;
/** Most tokens of the answer to a probe. */
const PROBE_TOKENS = 1;

/** When to give up: `signal` ends the waiting for a free place, `deadline` also what is under way. */
export interface Patience {
  signal: AbortSignal;
  deadline: AbortSignal;
  /** Whether it goes before all batches: for the few that one of them waits for. */
  isAhead?: boolean;
}

/** What is known of a model at an endpoint; found out by asking. */
interface Model {
  name: string;
  breaker: CircuitBreaker;
  /** Answers so far: whether others are answered tells whose the trouble is. */
  answers: number;
  /** What it refuses of a request's form. */
  refused: Refused;
  /** Most texts to embed in a request. */
  mostTexts: number;
  /** A probe under way. */
  probing?: Promise<Standing>;
}

/** What a probe tells of a model: it answers as it is asked, or, from now on, in another form. */
type Standing = 'answers' | 'form-learned';

/** A request to a model, and how the model is probed to tell whose its trouble is. */
interface Asking<T> {
  model: Model;
  send(signal: AbortSignal | undefined): Promise<T>;
  probe(): Promise<Standing>;
  /** What was sent, which no message may repeat. */
  texts: readonly string[];
  /** How often it may fail while others are answered. */
  failures?: number;
}

/** What a request was given up for. */
interface GivenUp {
  givenUp: Trouble;
}

/** Vectors in the order of the texts. */
export interface Embedded {
  /** Null for a text that cannot be embedded. */
  vectors: (number[] | null)[];
  requests: number;
  /** Null where the endpoint does not tell. */
  promptTokens: number | null;
  /** Texts that were too long, and cut. */
  cut: number;
}

/** Thrown inside the limiter by a request that had to wait for others until there was an outage. */
const HELD_BACK = Symbol('held back');

/**
 * One OpenAI-compatible endpoint: the `openai` client with adaptive concurrency, and with care.
 *
 * - An outage, be it no connection, errors of the server, somebody else's page, a key that is not
 *   taken or an account without money, holds requests back until a probe is answered. It never
 *   fails them and is never taken for an answer.
 * - A request that fails while others, or a probe, are answered is at fault itself, whatever the
 *   server calls it. After some tries it is given up.
 * - What a model refuses of a request's form is found out, and left out from then on.
 */
export class Endpoint {
  readonly name: string;
  readonly config: EndpointConfig;
  /** For reads and for requests that may be repeated. */
  readonly client: OpenAI;
  readonly #limiter: AdaptiveLimiter;
  readonly #models = new Map<string, Model>();
  readonly #notify: (notice: string) => void;

  /** @param notify is told what an operator wants in the log */
  constructor(name: string, config: EndpointConfig, notify: (notice: string) => void = () => {}) {
    this.name = name;
    this.config = config;
    this.#notify = notify;
    this.#limiter = new AdaptiveLimiter(config.maxInFlight);
    this.client = new OpenAI({
      baseURL: config.baseURL,
      apiKey: (config.apiKeyEnv && process.env[config.apiKeyEnv]) || 'none',
      maxRetries: RETRIES,
      timeout: config.requestTimeoutSeconds * 1000,
      fetch: (url, init) =>
        this.#limiter.send(async () => inOneForm(await fetchText(url, init)), init?.signal),
    });
  }

  /** Why requests are held back, since when, and what is done; undefined where none are. */
  get trouble(): string | undefined {
    for (const { breaker } of this.#models.values()) if (breaker.trouble) return breaker.trouble;
    return undefined;
  }

  /** Whether one request can draw several samples of a model, as far as is known. */
  drawsSeveral(model: string): boolean {
    return this.config.supportsN && !this.#model(model).refused.has('n');
  }

  /**
   * Draws an answer for each of the seeds; one that was given up has no text and says why.
   * @throws ApplicationFailure, non-retryable, where the provider refuses for good
   */
  async chat(request: ChatRequest, patience?: Patience): Promise<ChatSample[]> {
    const { seeds } = request;
    if (seeds.length > 1 && !this.drawsSeveral(request.model)) {
      const each = seeds.map((seed) => this.chat({ ...request, seeds: [seed] }, patience));
      return (await Promise.all(each)).flat();
    }
    const model = this.#model(request.model);
    const answer = await this.#ask(
      {
        model,
        send: (signal) => this.#drawAll(model, request, signal),
        probe: () => this.probeChat(request.model, Math.min(2, seeds.length)),
        texts: request.messages.map(({ content }) => content),
      },
      patience,
    );
    if ('givenUp' in answer) return seeds.map(() => unanswered(answer.givenUp.reason));
    // It was just found to draw no more than one.
    return answer.length < seeds.length ? this.chat(request, patience) : answer;
  }

  /** Embeds texts, in halves where a model does not take them together. */
  async embed(name: string, texts: string[], patience?: Patience): Promise<Embedded> {
    const model = this.#model(name);
    if (texts.length > model.mostTexts) return this.#embedHalves(name, texts, patience);
    const answer = await this.#ask(
      {
        model,
        send: (signal) => this.#embed(model, texts, { signal }),
        probe: () => this.probeEmbedding(name),
        texts,
        ...(texts.length > 1 && { failures: 1 }),
      },
      patience && { ...patience, isAhead: true },
    );
    if (!('givenUp' in answer)) return { ...answer, requests: 1, cut: 0 };
    const [text] = texts;
    if (texts.length > 1) {
      const halves = await this.#embedHalves(name, texts, patience);
      const isForTheirNumber = halves.cut === 0 && halves.vectors.every((vector) => vector);
      const half = Math.ceil(texts.length / 2);
      if (isForTheirNumber) model.mostTexts = Math.min(model.mostTexts, half);
      return halves;
    }
    if (!answer.givenUp.isRefusal || text!.length < 2 * SHORTEST)
      return { vectors: [null], requests: 1, promptTokens: 0, cut: 0 };
    const beginning = text!.slice(0, Math.floor(text!.length / 2));
    return { ...(await this.embed(name, [beginning], patience)), cut: 1 };
  }

  async #embedHalves(name: string, texts: string[], patience?: Patience): Promise<Embedded> {
    const middle = Math.ceil(texts.length / 2);
    const [a, b] = await Promise.all([
      this.embed(name, texts.slice(0, middle), patience),
      this.embed(name, texts.slice(middle), patience),
    ]);
    return {
      vectors: [...a.vectors, ...b.vectors],
      requests: a.requests + b.requests,
      promptTokens:
        a.promptTokens === null || b.promptTokens === null ? null : a.promptTokens + b.promptTokens,
      cut: a.cut + b.cut,
    };
  }

  /**
   * Asks a chat model for next to nothing, in the form of real requests; learns which form it takes.
   * @param samples 2 to find out whether it draws several
   * @throws the client's error where it takes none
   */
  probeChat(name: string, samples = 1): Promise<Standing> {
    const model = this.#model(name);
    const request: ChatRequest = {
      model: name,
      messages: [
        { role: 'system', content: 'Answer with one word.' },
        { role: 'user', content: 'Say yes.' },
      ],
      temperature: 0,
      maxTokens: PROBE_TOKENS,
      seeds: Array<number>(samples).fill(0),
    };
    return this.#probe(model, chatFeatures, (refused) => {
      const seeds = refused.has('n') ? [0] : request.seeds;
      return this.#draw({ refused }, { ...request, seeds }, { maxRetries: 0 });
    });
  }

  /** The same of an embedding model. */
  probeEmbedding(name: string): Promise<Standing> {
    const model = this.#model(name);
    return this.#probe(model, embeddingFeatures, (refused) =>
      this.#embed({ name, refused }, ['yes'], { maxRetries: 0 }),
    );
  }

  /** As {@link #draw}; none of a model that was found to draw no more than one at a time. */
  async #drawAll(model: Model, request: ChatRequest, signal?: AbortSignal): Promise<ChatSample[]> {
    if (request.seeds.length > 1 && model.refused.has('n')) return [];
    try {
      return await this.#draw(model, request, { signal });
    } catch (error) {
      if (!(error instanceof TooFewSamples)) throw error;
      this.#learn(model, new Set([...model.refused, 'n']));
      return [];
    }
  }

  #draw(
    model: Pick<Model, 'refused'>,
    request: ChatRequest,
    options: OpenAI.RequestOptions,
  ): Promise<ChatSample[]> {
    const { seeds } = request;
    const sent = this.client.chat.completions.create(bodyOf(request, model.refused), options);
    return answerOf(sent, (body) => samplesOf(body, seeds.length));
  }

  #embed(
    { name, refused }: Pick<Model, 'name' | 'refused'>,
    texts: string[],
    options: OpenAI.RequestOptions,
  ) {
    const encoding_format = refused.has('base64') ? 'float' : 'base64';
    const body = { model: name, input: texts, encoding_format };
    return answerOf(this.client.post<unknown>('/embeddings', { body, ...options }), (answer) =>
      vectorsOf(answer, texts.length),
    );
  }

  /**
   * The answer to a request, or why it was given up. Waits while there is an outage, and sends once
   * there is room.
   */
  async #ask<T>(
    { model, send, probe, texts, failures: most }: Asking<T>,
    { signal, deadline, isAhead }: Partial<Patience> = {},
  ): Promise<T | GivenUp> {
    const whole = async () => {
      signal?.throwIfAborted();
      if (model.breaker.isOpen) throw HELD_BACK;
      return this.#readable(() => send(deadline));
    };
    for (let failures = 0; ; ) {
      await model.breaker.closed(signal);
      const before = model.answers;
      try {
        const answer = await this.#limiter.run(whole, signal, isAhead);
        model.answers++;
        return answer;
      } catch (error) {
        if (error === HELD_BACK) continue;
        const trouble = this.#troubleOf(error, model.name, texts);
        if (!trouble) throw error;
        const isAnswering = !trouble.isRefusal && model.answers > before;
        if (!isAnswering && !(await this.#standsAs('answers', model, probe))) continue;
        if (trouble.isBusy) continue;
        failures++;
        const isGivenUp = failures >= (most ?? (trouble.isRefusal ? REFUSALS : FAILURES));
        if (isGivenUp && trouble.mayBeOfOne) {
          this.#notify(`${trouble.message}; one request is given up, others are answered`);
          return { givenUp: trouble };
        }
        if (!trouble.isRefusal) await sleep(this.#waitAfter(failures), undefined, { signal });
      }
    }
  }

  /** Milliseconds to wait after so many failures of a request. */
  #waitAfter(failures: number): number {
    return this.#firstWaitMs * SLOWER ** Math.min(failures - 1, FAILURES - 2);
  }

  /** Sends, and again where the answer cannot be read. */
  async #readable<T>(send: () => Promise<T>, again = READ_AGAIN): Promise<T> {
    try {
      return await send();
    } catch (error) {
      if (again === 0 || !(error instanceof UnreadableAnswer)) throw error;
      return this.#readable(send, again - 1);
    }
  }

  /** Whether a probe finds a model so; where it is not answered, the circuit is opened. */
  async #standsAs(
    expected: Standing,
    { breaker, name }: Model,
    probe: () => Promise<Standing>,
  ): Promise<boolean> {
    try {
      return (await probe()) === expected;
    } catch (error) {
      const trouble = this.#troubleOf(error, name);
      if (!trouble) throw error;
      breaker.open(trouble, probe);
      return false;
    }
  }

  /** Sends a probe, or joins the one under way. */
  #probe(
    model: Model,
    features: readonly Feature[],
    send: (refused: Refused) => Promise<unknown>,
  ): Promise<Standing> {
    model.probing ??= this.#formOf(model, features, send).finally(() => {
      model.probing = undefined;
    });
    return model.probing;
  }

  /** Where a probe is refused, leaves out one feature after the other until it is not. */
  async #formOf(
    model: Model,
    features: readonly Feature[],
    send: (refused: Refused) => Promise<unknown>,
  ): Promise<Standing> {
    let refusal = await refusalOf(send(model.refused));
    if (!refusal) return 'answers';
    const refused = new Set(model.refused);
    for (const feature of suspects(features, refused, refusal)) {
      const next = await refusalOf(send(new Set([...refused, feature])));
      if (next?.message === refusal.message) continue;
      refused.add(feature);
      if (next) refusal = next;
      else {
        this.#learn(model, refused);
        return 'form-learned';
      }
    }
    throw refusal;
  }

  #learn(model: Model, refused: Refused): void {
    const news = [...refused].filter((feature) => !model.refused.has(feature));
    model.refused = refused;
    this.#notify(
      `endpoint "${this.name}": model "${model.name}" does not take ${news.join(' and ')}; asked without from now on`,
    );
  }

  #model(name: string): Model {
    const known = this.#models.get(name);
    if (known) return known;
    const model: Model = {
      ...{ name, answers: 0, refused: new Set<Feature>(), mostTexts: Number.POSITIVE_INFINITY },
      breaker: new CircuitBreaker({
        finalAfterMs: 1000 * this.config.finalAfterSeconds,
        firstWaitMs: this.#firstWaitMs,
        troubleOf: (error) => this.#troubleOf(error, name),
        notify: this.#notify,
      }),
    };
    this.#models.set(name, model);
    return model;
  }

  #troubleOf(error: unknown, model: string, texts?: readonly string[]): Trouble | undefined {
    return troubleOf(error, { ...this.#where, model, texts });
  }

  /** The failure Temporal is to see for an error of this endpoint's client. */
  failure(error: unknown, model?: string, texts?: readonly string[]): Error {
    return endpointFailure(error, { ...this.#where, model, texts });
  }

  /** In milliseconds: a second, where two minutes make something final. */
  get #firstWaitMs(): number {
    return (1000 * this.config.finalAfterSeconds) / 120;
  }

  get #where() {
    const { apiKeyEnv, finalAfterSeconds } = this.config;
    return { endpoint: this.name, apiKeyEnv, mendedMs: 250 * finalAfterSeconds };
  }
}

/** What refuses a request as it is; undefined where it is answered. @throws any other error */
async function refusalOf(sent: Promise<unknown>): Promise<Error | undefined> {
  try {
    await sent;
    return undefined;
  } catch (error) {
    const isRefusal = error instanceof APIError && [400, 403, 422, 501].includes(error.status ?? 0);
    if (error instanceof TooFewSamples || (isRefusal && saidBy(error))) return error;
    throw error;
  }
}

/** The endpoints of a configuration, by name. */
export class Endpoints {
  readonly #all: Map<string, Endpoint>;

  /** @param notify is told what an operator wants in the log */
  constructor(configs: Record<string, EndpointConfig>, notify?: (notice: string) => void) {
    this.#all = new Map(
      Object.entries(configs).map(([name, config]) => [name, new Endpoint(name, config, notify)]),
    );
  }

  /** @throws Error that lists the names there are. */
  get(name: string): Endpoint {
    const endpoint = this.#all.get(name);
    if (endpoint) return endpoint;
    throw new Error(
      `no endpoint "${name}" in temporal.config.ts; it has ${[...this.#all.keys()].join(', ')}`,
    );
  }
}
