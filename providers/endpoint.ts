import OpenAI from 'openai';
import { ZodError } from 'zod';
import type { Capabilities } from '../core/capabilities.ts';
import { passingFailure } from '../core/failures.ts';
import type { Sampling } from '../core/sampling.ts';
import { type ChatSample, samplesOf, TooFewSamples, unanswered } from './completion.ts';
import type { EndpointConfig } from './config.ts';
import { vectorsOf } from './embeddings.ts';
import { endpointFailure, type Trouble, troubleOf } from './errors.ts';
import { fetcherOfTexts, type TextInit } from './fetch.ts';
import { bodyOf, type ChatRequest, featuresLacking, featuresOf, type Refused } from './form.ts';
import { AdaptiveLimiter } from './limiter.ts';
import { Model, type ModelHost, type Patience, type Standing } from './model.ts';
import { inOneForm } from './said.ts';
import { settled } from './settled.ts';
import { answerOf } from './wire.ts';

export type { ChatRequest };

/** How often the client repeats a request that is safe to repeat. */
const RETRIES = 2;
/** A text to embed is not cut to fewer characters than this. */
const SHORTEST = 200;
/** Most tokens of the answer to a probe. */
const PROBE_TOKENS = 1;

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
  /** Most texts to embed in a request, of models that take fewer than they were given. */
  readonly #mostTexts = new Map<string, number>();
  readonly #notify: (notice: string) => void;

  /** @param notify is told what an operator wants in the log */
  constructor(name: string, config: EndpointConfig, notify: (notice: string) => void = () => {}) {
    this.name = name;
    this.config = config;
    this.#notify = notify;
    this.#limiter = new AdaptiveLimiter(config.maxInFlight);
    const timeout = config.requestTimeoutSeconds * 1000;
    const fetchText = fetcherOfTexts(timeout);
    this.client = new OpenAI({
      baseURL: config.baseURL,
      apiKey: (config.apiKeyEnv && process.env[config.apiKeyEnv]) || 'none',
      maxRetries: RETRIES,
      timeout,
      fetch: (url, init: TextInit = {}) =>
        this.#limiter.send(
          async () => inOneForm(await fetchText(url, init)),
          init.deadline ?? init.signal,
        ),
    });
  }

  /** Why requests are held back, since when, and what is done; undefined where none are. */
  get trouble(): string | undefined {
    for (const { trouble } of this.#models.values()) if (trouble) return trouble;
    return undefined;
  }

  /** Since when a model is away; undefined where it is not. */
  awaySince(model: string): number | undefined {
    return this.#model(model).awaySince;
  }

  /** What a model does not take in a request, or ignores, as far as is known. */
  refused(model: string): Refused {
    return this.#model(model).refused;
  }

  /**
   * From now on a model is asked by what was found out of it: in no way with what it lacks in one.
   * @param ways what was found out, in each way of asking it
   */
  goBy(model: string, ways: readonly Capabilities[]): void {
    this.#model(model).goBy({
      without: new Set(ways.flatMap(featuresLacking)),
      thoughts: ways.map(({ thoughts }) => thoughts).find(Boolean),
    });
  }

  /** From now on a model is asked by the name of its deployment, and its host where that is gone. */
  hostedBy(model: string, host: ModelHost, servedAs: string): void {
    this.#model(model).hostedBy(host, servedAs);
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
    const answer = await model.ask(
      {
        send: (deadline) => this.#drawAll(model, request, deadline),
        probe: () => this.#probeChat(request),
        texts: request.messages.map(({ content }) => content),
      },
      patience,
    );
    if ('givenUp' in answer) return seeds.map(() => unanswered(answer.givenUp.reason));
    // It was just found to draw no more than one.
    return answer.length < seeds.length ? this.chat(request, patience) : answer;
  }

  /** A request as it is sent now: without what its model refuses. */
  bodyOf(request: ChatRequest): object {
    return bodyOf(request, this.#model(request.model).refused);
  }

  /**
   * The samples in what was answered to a request in a batch.
   * @returns undefined where it cannot be read, or has fewer than were asked for
   */
  samplesIn({ model, seeds }: ChatRequest, answer: unknown): ChatSample[] | undefined {
    try {
      return samplesOf(answer, seeds.length, this.#model(model).thoughts);
    } catch (error) {
      if (error instanceof TooFewSamples || error instanceof ZodError) return undefined;
      throw error;
    }
  }

  /** Embeds texts, in halves where a model does not take them together. */
  async embed(name: string, texts: string[], patience?: Patience): Promise<Embedded> {
    const model = this.#model(name);
    if (texts.length > this.#mostTextsOf(name)) return this.#embedHalves(name, texts, patience);
    const answer = await model.ask(
      {
        send: (deadline) => this.#embed(model, texts, { deadline }),
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
      if (isForTheirNumber) this.#mostTexts.set(name, Math.min(this.#mostTextsOf(name), half));
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
   * @param form `samples` 2 to find out whether it draws several
   * @throws the client's error where it takes none
   */
  probeChat(
    model: string,
    { sampling = { temperature: 0 }, samples = 1 }: { sampling?: Sampling; samples?: number } = {},
  ): Promise<Standing> {
    return this.#probeChat({ model, sampling, seeds: Array<number>(samples).fill(0) });
  }

  /** The same, in the form of this request. */
  #probeChat({
    model,
    sampling,
    seeds,
    schema,
    topLogprobs,
  }: Omit<ChatRequest, 'messages'>): Promise<Standing> {
    const request: ChatRequest = {
      model,
      messages: [
        { role: 'system', content: 'Answer with one word.' },
        { role: 'user', content: 'Say yes.' },
      ],
      sampling: { ...sampling, maxTokens: PROBE_TOKENS },
      seeds: seeds.slice(0, 2).map(() => 0),
      ...{ schema, topLogprobs },
    };
    return this.#model(model).probe({
      form: JSON.stringify(request),
      features: featuresOf(request),
      send: async (refused) => {
        const asked = this.#model(model);
        await asked.findServed();
        const drawn = refused.has('n') ? [0] : request.seeds;
        return this.#draw(
          { refused, thoughts: null, servedAs: asked.servedAs },
          { ...request, seeds: drawn },
          { maxRetries: 0 },
        );
      },
    });
  }

  /** The same of an embedding model. */
  probeEmbedding(name: string): Promise<Standing> {
    return this.#model(name).probe({
      form: 'embedding',
      features: ['base64'],
      send: (refused) => this.#embed({ name, refused }, ['yes'], { maxRetries: 0 }),
    });
  }

  /** As {@link #draw}; none of a model that was found to draw no more than one at a time. */
  async #drawAll(
    model: Model,
    request: ChatRequest,
    deadline?: AbortSignal,
  ): Promise<ChatSample[]> {
    if (request.seeds.length > 1 && model.refused.has('n')) return [];
    try {
      return await this.#draw(model, request, { deadline });
    } catch (error) {
      if (!(error instanceof TooFewSamples)) throw error;
      model.learn(['n']);
      return [];
    }
  }

  #draw(
    model: Pick<Model, 'refused' | 'thoughts' | 'servedAs'>,
    request: ChatRequest,
    sending: Sending,
  ): Promise<ChatSample[]> {
    const body = bodyOf({ ...request, model: model.servedAs }, model.refused);
    const sent = this.client.chat.completions.create(body, optionsOf(sending));
    const samples = answerOf(sent, (answer) =>
      samplesOf(answer, request.seeds.length, model.thoughts),
    );
    return settled(samples, sending.deadline);
  }

  #mostTextsOf(model: string): number {
    return this.#mostTexts.get(model) ?? Number.POSITIVE_INFINITY;
  }

  #embed({ name, refused }: Pick<Model, 'name' | 'refused'>, texts: string[], sending: Sending) {
    const encoding_format = refused.has('base64') ? 'float' : 'base64';
    const body = { model: name, input: texts, encoding_format };
    const sent = this.client.post<unknown>('/embeddings', { body, ...optionsOf(sending) });
    const vectors = answerOf(sent, (answer) => vectorsOf(answer, texts.length));
    return settled(vectors, sending.deadline);
  }

  #model(name: string): Model {
    const known = this.#models.get(name);
    if (known) return known;
    const model = new Model(name, {
      endpoint: this.name,
      limiter: this.#limiter,
      finalAfterSeconds: this.config.finalAfterSeconds,
      troubleOf: (error, of, texts) => this.#troubleOf(error, of, texts),
      notify: this.#notify,
    });
    this.#models.set(name, model);
    return model;
  }

  /** That a deployment is gone is no refusal of the model: it is put up again. */
  #troubleOf(error: unknown, model: string, texts?: readonly string[]): Trouble | undefined {
    const trouble = troubleOf(error, { ...this.#where, model, texts });
    if (trouble?.type !== 'NotFound' || !this.#model(model).isHosted) return trouble;
    return { ...trouble, type: 'NotDeployed', isRefusal: false, mayBeOfOne: false };
  }

  /** The failure Temporal is to see for an error of this endpoint's client. */
  failure(error: unknown, model?: string, texts?: readonly string[]): Error {
    return endpointFailure(error, { ...this.#where, model, texts });
  }

  get #where() {
    const { apiKeyEnv, finalAfterSeconds } = this.config;
    return { endpoint: this.name, apiKeyEnv, mendedMs: 250 * finalAfterSeconds };
  }
}

/** How one request is sent. */
interface Sending {
  maxRetries?: number;
  /** Ends it. */
  deadline?: AbortSignal;
}

/** The client's own signal is not used: it would compose another of it for each request. */
function optionsOf({ deadline, maxRetries }: Sending): OpenAI.RequestOptions {
  const more: TextInit = { deadline };
  return { maxRetries, fetchOptions: more as OpenAI.RequestOptions['fetchOptions'] };
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

  /** @throws ApplicationFailure that passes once a worker has the endpoint */
  get(name: string): Endpoint {
    const endpoint = this.#all.get(name);
    if (endpoint) return endpoint;
    throw passingFailure(
      'NoEndpoint',
      `this worker has no endpoint "${name}" in its temporal.config.ts (known: ${[...this.#all.keys()].join(', ')}): add it there, and start the worker again; what waits goes on by itself`,
    );
  }
}
