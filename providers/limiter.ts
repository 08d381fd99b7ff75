import { setTimeout as sleep } from 'node:timers/promises';
import pLimit from 'p-limit';

const BACK_OFF = 0.7;
const FIRST = 16;
/** A timer of Node's holds 31 bits of milliseconds; a longer one ends at once. */
const LONGEST_SLEEP = 2 ** 31 - 1;

/**
 * How many requests an endpoint is given at the same time: additive increase, multiplicative
 * decrease. It starts low, grows by one for each full set of answers, and shrinks when the endpoint
 * says 429, once for each set in flight, after waiting as long as `Retry-After` asks.
 */
export class AdaptiveLimiter {
  readonly #max: number;
  readonly #limit: ReturnType<typeof pLimit>;
  #window: number;
  #answers = 0;
  /** The count of answers from which a refusal means something new. */
  #shrinkFrom = 0;
  #resumeAt = 0;

  /** @param max most requests at the same time */
  constructor(max: number) {
    this.#max = max;
    this.#window = Math.min(FIRST, max);
    this.#limit = pLimit(this.#window);
  }

  /** Requests allowed at the same time right now. */
  get window(): number {
    return Math.floor(this.#window);
  }

  /** Runs `call` when there is room for it. @param signal ends the waiting */
  run<T>(call: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    return this.#limit(async () => {
      for (let wait = this.#resumeAt - Date.now(); wait > 0; wait = this.#resumeAt - Date.now())
        await sleep(Math.min(wait, LONGEST_SLEEP), undefined, { signal });
      return call();
    });
  }

  /** To be told of every response, so that the window follows the endpoint's capacity. */
  observe(response: { status: number; headers: Headers }): void {
    if (response.status === 429) {
      this.#resumeAt = Math.max(this.#resumeAt, Date.now() + retryAfterMs(response.headers));
      // The refusals of one window come together and mean one thing.
      if (this.#answers >= this.#shrinkFrom) {
        this.#shrinkFrom = this.#answers + this.window;
        this.#set(this.#window * BACK_OFF);
      }
    } else if (response.status < 400) {
      this.#set(this.#window + 1 / this.#window);
    }
    this.#answers++;
  }

  #set(window: number): void {
    this.#window = Math.min(this.#max, Math.max(1, window));
    this.#limit.concurrency = this.window;
  }
}

/** Milliseconds that `Retry-After` (seconds or a date) or `retry-after-ms` asks for; 0 without. */
function retryAfterMs(headers: Headers): number {
  const ms = Number(headers.get('retry-after-ms') ?? Number.NaN);
  if (Number.isFinite(ms)) return Math.max(0, ms);
  const value = headers.get('retry-after');
  if (value === null) return 0;
  const seconds = Number(value);
  const until = Number.isFinite(seconds) ? seconds * 1000 : Date.parse(value) - Date.now();
  return Number.isFinite(until) ? Math.max(0, until) : 0;
}
