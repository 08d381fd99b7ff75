import OpenAI from 'openai';
import type { ChatMessage } from '../core/types.ts';
import type { EndpointConfig } from './config.ts';
import { concernsOneRequest, endpointFailure } from './errors.ts';
import { AdaptiveLimiter } from './limiter.ts';

/** How often the client repeats a request that is safe to repeat, before Temporal takes over. */
const RETRIES = 5;

export interface ChatRequest {
  model: string;
  messages: ChatMessage[];
  temperature: number;
  maxTokens: number;
  seed: number;
  /** How many samples to draw. */
  samples: number;
}

/** One sample. Token counts of a request stand on its first sample, so that sums are right. */
export interface ChatSample {
  text: string;
  /** Natural log-probabilities of the sampled tokens; null where the endpoint gives none. */
  logprobs: number[] | null;
  finishReason: string;
  promptTokens: number;
  cachedTokens: number;
  completionTokens: number;
}

/** One OpenAI-compatible endpoint: the `openai` client with adaptive concurrency. */
export class Endpoint {
  readonly name: string;
  readonly config: EndpointConfig;
  /** For reads and for requests that may be repeated. */
  readonly client: OpenAI;
  readonly #limiter: AdaptiveLimiter;

  constructor(name: string, config: EndpointConfig) {
    this.name = name;
    this.config = config;
    this.#limiter = new AdaptiveLimiter(config.maxInFlight);
    this.client = new OpenAI({
      baseURL: config.baseURL,
      apiKey: (config.apiKeyEnv && process.env[config.apiKeyEnv]) || 'none',
      maxRetries: RETRIES,
      timeout: config.requestTimeoutSeconds * 1000,
      fetch: async (url, init) => {
        const response = await fetch(url, init);
        this.#limiter.observe(response);
        return response;
      },
    });
  }

  /**
   * Draws `samples` answers: one request with `n` where the endpoint can, else one a sample with
   * seeds that follow each other.
   * @throws ApplicationFailure, non-retryable where a repetition cannot help.
   */
  async chat(request: ChatRequest, signal?: AbortSignal): Promise<ChatSample[]> {
    if (request.samples === 1 || this.config.supportsN) return this.#chatOnce(request, signal);
    const seeds = Array.from({ length: request.samples }, (_, index) => request.seed + index);
    const drawn = await Promise.all(
      seeds.map((seed) => this.#chatOnce({ ...request, seed, samples: 1 }, signal)),
    );
    return drawn.flat();
  }

  async #chatOnce(request: ChatRequest, signal?: AbortSignal): Promise<ChatSample[]> {
    try {
      const completion = await this.#limiter.run(() =>
        this.client.chat.completions.create(
          {
            model: request.model,
            messages: request.messages,
            temperature: request.temperature,
            max_tokens: request.maxTokens,
            seed: request.seed,
            logprobs: true,
            ...(request.samples > 1 ? { n: request.samples } : {}),
          },
          { signal },
        ),
      );
      return samplesOf(completion, request.samples);
    } catch (error) {
      if (concernsOneRequest(error))
        return Array.from({ length: request.samples }, () => unanswered(error.code ?? 'refused'));
      throw this.failure(error, request.model);
    }
  }

  /** Embeds texts. @returns one vector a text, in order, and the tokens used. */
  async embed(
    model: string,
    texts: string[],
    signal?: AbortSignal,
  ): Promise<{ vectors: number[][]; promptTokens: number }> {
    try {
      const result = await this.#limiter.run(() =>
        this.client.embeddings.create({ model, input: texts }, { signal }),
      );
      const vectors: number[][] = new Array(texts.length);
      for (const one of result.data) vectors[one.index] = one.embedding;
      if (result.data.length !== texts.length || vectors.some((vector) => !vector?.length))
        throw new Error(
          `endpoint "${this.name}" gave ${result.data.length} vectors for ${texts.length} texts`,
        );
      return { vectors, promptTokens: result.usage?.prompt_tokens ?? 0 };
    } catch (error) {
      throw this.failure(error, model);
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

function samplesOf(completion: OpenAI.ChatCompletion, wanted: number): ChatSample[] {
  const choices = completion.choices ?? [];
  if (choices.length < wanted)
    throw new Error(`the endpoint gave ${choices.length} of ${wanted} samples`);
  const usage = completion.usage;
  return choices.slice(0, wanted).map((choice, index) => ({
    text: choice.message?.content ?? '',
    logprobs: choice.logprobs?.content?.map((token) => token.logprob) ?? null,
    finishReason: choice.finish_reason ?? 'unknown',
    promptTokens: index === 0 ? (usage?.prompt_tokens ?? 0) : 0,
    cachedTokens: index === 0 ? (usage?.prompt_tokens_details?.cached_tokens ?? 0) : 0,
    completionTokens: index === 0 ? (usage?.completion_tokens ?? 0) : 0,
  }));
}

function unanswered(reason: string): ChatSample {
  return {
    text: '',
    logprobs: null,
    finishReason: reason,
    promptTokens: 0,
    cachedTokens: 0,
    completionTokens: 0,
  };
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
