import { setTimeout as delay } from 'node:timers/promises';
import type { FastifyInstance, FastifyReply } from 'fastify';
import type { OpenAI } from 'openai';
import { textOf } from './model.ts';
import { Refusal, tokens } from './wire.ts';

/** What a provider takes of chat and embedding requests; more gets 429. No limit where left out. */
export interface Limits {
  /** Requests at the same time. */
  inFlight?: number;
  /** A bucket that holds a second's worth. */
  requestsPerSecond?: number;
  /** A bucket that holds a minute's worth; a chat request costs its prompt and its `max_tokens`. */
  tokensPerMinute?: number;
}

type Name = 'requests' | 'tokens';
type Body = Partial<OpenAI.ChatCompletionCreateParams & OpenAI.EmbeddingCreateParams>;

/** Holds requests for their latency, and refuses those beyond the limits. */
export class Meter {
  readonly #latencyMs: number;
  readonly #buckets = new Map<Name, Bucket>();
  #most = Number.POSITIVE_INFINITY;
  #inFlight = 0;

  constructor(limits: Limits, latencyMs: number) {
    this.#latencyMs = latencyMs;
    this.set(limits);
  }

  /** From now on these are the limits. */
  set({ inFlight, requestsPerSecond, tokensPerMinute }: Limits): void {
    this.#most = inFlight ?? Number.POSITIVE_INFINITY;
    this.#setBucket('requests', requestsPerSecond, 1_000);
    this.#setBucket('tokens', tokensPerMinute, 60_000);
  }

  /** Meters the requests to these URLs. */
  attach(api: FastifyInstance, urls: string[]): void {
    api.addHook('preHandler', async (request, reply) => {
      if (!urls.some((url) => request.url.startsWith(url))) return;
      this.#admit(request.body as Body, reply);
      this.#inFlight += 1;
      reply.raw.once('close', () => {
        this.#inFlight -= 1;
      });
      if (this.#latencyMs > 0) await delay(this.#latencyMs);
    });
  }

  #setBucket(name: Name, size: number | undefined, periodMs: number): void {
    if (size === undefined) this.#buckets.delete(name);
    else this.#buckets.set(name, new Bucket(size, periodMs, this.#buckets.get(name)?.level));
  }

  #admit(body: Body, reply: FastifyReply): void {
    const costs: Record<Name, number> = { requests: 1, tokens: tokenCost(body) };
    const waits = [...this.#buckets].map(([name, bucket]) => [name, bucket.wait(costs[name])]);
    const [name, wait] =
      waits.find(([, ms]) => Number(ms) > 0) ??
      (this.#inFlight >= this.#most ? ['concurrent requests', this.#latencyMs + 1] : []);
    if (wait === undefined) for (const [name, bucket] of this.#buckets) bucket.take(costs[name]);
    for (const [name, bucket] of this.#buckets) reply.headers(bucket.headers(name));
    if (wait === undefined) return;
    throw new Refusal(429, 'rate_limit_exceeded', `Rate limit reached on ${name}.`, {
      headers: {
        'retry-after': String(Math.ceil(Number(wait) / 1_000)),
        'retry-after-ms': String(Math.ceil(Number(wait))),
      },
    });
  }
}

/** A token bucket: full at first, it is filled again at an even pace. */
class Bucket {
  readonly #size: number;
  readonly #perMs: number;
  #level: number;
  #at = performance.now();

  /** @param level what it holds, where that is less than its size */
  constructor(size: number, periodMs: number, level = size) {
    this.#size = size;
    this.#perMs = size / periodMs;
    this.#level = Math.min(size, level);
  }

  get level(): number {
    const now = performance.now();
    this.#level = Math.min(this.#size, this.#level + (now - this.#at) * this.#perMs);
    this.#at = now;
    return this.#level;
  }

  /** Milliseconds until it holds `cost`. A cost above its size never comes. */
  wait(cost: number): number {
    return Math.max(0, cost - this.level) / this.#perMs;
  }

  take(cost: number): void {
    this.#level = this.level - cost;
  }

  headers(name: Name): Record<string, string> {
    const reset = (this.#size - this.level) / this.#perMs;
    return {
      [`x-ratelimit-limit-${name}`]: String(this.#size),
      [`x-ratelimit-remaining-${name}`]: String(Math.floor(this.level)),
      [`x-ratelimit-reset-${name}`]: duration(reset),
    };
  }
}

/** As the headers have it: `17ms`, `1.5s`, `6m0s`. */
function duration(ms: number): string {
  if (ms < 1_000) return `${Math.ceil(ms)}ms`;
  const seconds = Math.ceil(ms / 10) / 100;
  return seconds < 60 ? `${seconds}s` : `${Math.floor(seconds / 60)}m${Math.ceil(seconds % 60)}s`;
}

function tokenCost(body: Body): number {
  const texts = [body.input ?? (body.messages ?? []).map(textOf)].flat();
  const prompt = texts.reduce<number>((sum, text) => sum + tokens(String(text)).length, 0);
  const most = body.max_completion_tokens ?? body.max_tokens ?? 0;
  return prompt + most * (body.n ?? 1);
}
