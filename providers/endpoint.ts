import OpenAI from 'openai';
import type { ChatMessage } from '../core/types.ts';
import { type ChatSample, samplesOf, unanswered } from './completion.ts';
import type { EndpointConfig } from './config.ts';
import { concernsOneRequest, endpointFailure, isUnreadable, refusesLogprobs } from './errors.ts';
import { fetchText } from './fetch.ts';
import { AdaptiveLimiter } from './limiter.ts';
import { vectorsOf } from './wire.ts';

/** How often the client repeats a request that is safe to repeat, before Temporal takes over. */
const RETRIES = 5;
/** How often we repeat a request whose answer cannot be read, which the client does not. */
const READ_AGAIN = 2;

export interface ChatRequest {
  model: string;
  messages: ChatMessage[];
  temperature: number;
  maxTokens: number;
  seed: number;
  /** How many samples to draw. */
  samples: number;
}

/** When to give up: `signal` ends the waiting for a free place, `deadline` also what is under way. */
export interface Patience {
  signal: AbortSignal;
  deadline: AbortSignal;
  /** Whether it goes before all batches: for the few that one of them waits for. */
  isAhead?: boolean;
}

/** One OpenAI-compatible endpoint: the `openai` client with adaptive concurrency. */
export class Endpoint {
  readonly name: string;
  readonly config: EndpointConfig;
  /** For reads and for requests that may be repeated. */
  readonly client: OpenAI;
  readonly #limiter: AdaptiveLimiter;
  /** Models that refuse to give log-probabilities, as reasoning models do; found out by asking. */
  readonly #withoutLogprobs = new Set<string>();

  constructor(name: string, config: EndpointConfig) {
    this.name = name;
    this.config = config;
    this.#limiter = new AdaptiveLimiter(config.maxInFlight);
    this.client = new OpenAI({
      baseURL: config.baseURL,
      apiKey: (config.apiKeyEnv && process.env[config.apiKeyEnv]) || 'none',
      maxRetries: RETRIES,
      timeout: config.requestTimeoutSeconds * 1000,
      fetch: (url, init) => this.#limiter.send(() => fetchText(url, init), init?.signal),
    });
  }

  /**
   * Draws `samples` answers in one request (more than one only where the endpoint `supportsN`).
   * @throws ApplicationFailure, non-retryable where a repetition cannot help.
   */
  async chat(request: ChatRequest, patience?: Patience): Promise<ChatSample[]> {
    try {
      return await this.#run((signal) => this.#draw(request, signal), patience);
    } catch (error) {
      if (concernsOneRequest(error))
        return Array.from({ length: request.samples }, () => unanswered(error.code ?? 'refused'));
      throw this.failure(error, request.model);
    }
  }

  /** One request; it asks for log-probabilities until the model has refused them. */
  async #draw(request: ChatRequest, signal?: AbortSignal): Promise<ChatSample[]> {
    const logprobs = !this.#withoutLogprobs.has(request.model);
    try {
      const completion = await this.client.chat.completions.create(
        {
          model: request.model,
          messages: request.messages,
          temperature: request.temperature,
          max_tokens: request.maxTokens,
          seed: request.seed,
          ...(logprobs ? { logprobs } : {}),
          ...(request.samples > 1 ? { n: request.samples } : {}),
        },
        { signal },
      );
      return samplesOf(completion, request.samples);
    } catch (error) {
      if (!logprobs || !refusesLogprobs(error)) throw error;
      this.#withoutLogprobs.add(request.model);
      return this.#draw(request, signal);
    }
  }

  /** Embeds texts. @returns one vector a text, in order, and the tokens used. */
  async embed(
    model: string,
    texts: string[],
    patience?: Patience,
  ): Promise<{ vectors: number[][]; promptTokens: number }> {
    try {
      return await this.#run(
        async (signal) => {
          const result = await this.client.embeddings.create({ model, input: texts }, { signal });
          return vectorsOf(result, texts.length);
        },
        patience && { ...patience, isAhead: true },
      );
    } catch (error) {
      throw this.failure(error, model);
    }
  }

  /** Sends once there is room for it, and again where the answer cannot be read. */
  async #run<T>(
    send: (signal?: AbortSignal) => Promise<T>,
    patience?: Patience,
    again = READ_AGAIN,
  ): Promise<T> {
    try {
      const { signal, deadline, isAhead } = patience ?? {};
      return await this.#limiter.run(
        async () => {
          signal?.throwIfAborted();
          return send(deadline);
        },
        signal,
        isAhead,
      );
    } catch (error) {
      if (again === 0 || !isUnreadable(error)) throw error;
      return this.#run(send, patience, again - 1);
    }
  }

  /** The failure Temporal is to see for an error of this endpoint's client. */
  failure(error: unknown, model?: string): Error {
    return endpointFailure(error, {
      endpoint: this.name,
      apiKeyEnv: this.config.apiKeyEnv,
      model,
    });
  }
}

/** The endpoints of a configuration, by name. */
export class Endpoints {
  readonly #all: Map<string, Endpoint>;

  constructor(configs: Record<string, EndpointConfig>) {
    this.#all = new Map(
      Object.entries(configs).map(([name, config]) => [name, new Endpoint(name, config)]),
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
