import { AsyncLocalStorage } from 'node:async_hooks';
import { LONG_WAIT_MS, retryAfter } from './retryAfter.ts';
import { CongestionWindow } from './window.ts';

/** How much faster than evenly over a round trip requests may be sent (N of RFC 9002, §7.7). */
const PACE = 1.25;
/** How far behind that pace, in milliseconds, a busy process may fall and still catch up at once. */
const SLACK = 50;
/** Share of a new round trip in their smoothed time, as in TCP (RFC 6298). */
const SMOOTHING = 1 / 8;
/** The pause of an endpoint that refuses all and does not say until when, in milliseconds. */
const PAUSE = 1000;

/** A call's place among those under way; it has none while it waits to repeat what was refused. */
interface Place {
  taken: boolean;
}

/** Somebody who waits for a place. */
interface Waiter {
  admit(): void;
  giveUp(reason: unknown): void;
  signal: AbortSignal;
}

/** Who has a place before others, the lowest first; those from `BATCHES` on are in order of coming. */
const REPETITIONS = 0;
const AHEAD = 1;
const BATCHES = 2;

/**
 * Keeps as many requests under way as the endpoint takes, whether that is limited by their number
 * at a time or by a rate. How many is up to a congestion window; they are sent evenly, since bursts
 * would be refused at a rate that is not. A refused request waits as long as `Retry-After` asks
 * (the client sees to that) and gives its place to others meanwhile; it then goes before those that
 * were not sent yet. Only when all is refused, so that nothing is under way any more, do the others
 * wait as well.
 *
 * Calls with the same signal are a batch, and the batch that came first goes first. If all took
 * turns they would end together, and nothing be asked while those that follow are prepared. What is
 * `isAhead` goes before all batches, in the order in which it came.
 */
export class AdaptiveLimiter {
  readonly #window: CongestionWindow;
  readonly #places = new AsyncLocalStorage<Place>();
  /** By rank; none is empty. */
  readonly #waiting = new Map<number, Waiter[]>();
  readonly #batches = new WeakMap<AbortSignal, number>();
  #nextBatch = BATCHES;
  readonly #never = new AbortController().signal;
  #underWay = 0;
  /** Smoothed milliseconds from sending a request to its answer. */
  #roundTrip = 0;
  #nextAt = 0;
  #resumeAt = 0;
  #timer?: NodeJS.Timeout;

  /** @param most requests at the same time, at the most */
  constructor(most: number) {
    this.#window = new CongestionWindow(most);
  }

  /** Requests allowed at the same time right now. */
  get window(): number {
    return this.#window.size;
  }

  /**
   * Runs `call`, which `send`s, when there is room for it.
   * @param signal ends the waiting
   * @param isAhead whether it goes before all batches: for the few that one of them waits for
   */
  async run<T>(
    call: () => Promise<T>,
    signal: AbortSignal = this.#never,
    isAhead = false,
  ): Promise<T> {
    await this.#turn(signal, isAhead ? AHEAD : undefined);
    const place = { taken: true };
    try {
      return await this.#places.run(place, call);
    } finally {
      this.#leave(place);
      this.#admit();
    }
  }

  /**
   * Sends a request of a running call, and learns from what becomes of it. Where an earlier one of
   * the call was refused, waits for room first. What no `run` is behind is sent at once: it is rare,
   * and an upload's round trip says nothing of a question's. @param signal ends the waiting
   */
  async send(request: () => Promise<Response>, signal?: AbortSignal | null): Promise<Response> {
    const place = this.#places.getStore();
    if (!place) return request();
    if (!place.taken) {
      await this.#turn(signal ?? this.#never, REPETITIONS);
      place.taken = true;
    }
    const number = this.#window.send();
    const sentAt = performance.now();
    const response = await request();
    if (response.status === 429) {
      this.#leave(place);
      this.#window.refused(number);
      if (this.#underWay === 0) this.#pause(pauseOf(response));
    } else if (response.status < 400) {
      const took = performance.now() - sentAt;
      this.#roundTrip += (took - this.#roundTrip) * (this.#roundTrip === 0 ? 1 : SMOOTHING);
      this.#window.answered(number, this.#waiting.size > 0);
    }
    this.#admit();
    return response;
  }

  /** Resolves when the caller has a place. @param rank instead of its batch's */
  async #turn(signal: AbortSignal, rank?: number): Promise<void> {
    signal.throwIfAborted();
    const batch = this.#batchOf(signal);
    const queue = this.#waiting.get(rank ?? batch) ?? [];
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    queue.push({ admit: resolve, giveUp: reject, signal });
    this.#waiting.set(rank ?? batch, queue);
    this.#admit();
    await promise;
  }

  /** The rank of the batch with this signal, which is listened to once for all of its calls. */
  #batchOf(signal: AbortSignal): number {
    const known = this.#batches.get(signal);
    if (known !== undefined) return known;
    const rank = this.#nextBatch++;
    this.#batches.set(signal, rank);
    signal.addEventListener('abort', () => this.#abandon(signal), { once: true });
    return rank;
  }

  #abandon(signal: AbortSignal): void {
    for (const [rank, queue] of this.#waiting) {
      const { left = [], gone = [] } = Object.groupBy(queue, (waiter) =>
        waiter.signal === signal ? 'gone' : 'left',
      );
      for (const waiter of gone) waiter.giveUp(signal.reason);
      if (left.length > 0) this.#waiting.set(rank, left);
      else this.#waiting.delete(rank);
    }
    this.#admit(); // or its timer would keep the process from ending
  }

  #first(): Waiter {
    const rank = Math.min(...this.#waiting.keys());
    const queue = this.#waiting.get(rank)!;
    if (queue.length === 1) this.#waiting.delete(rank);
    return queue.shift()!;
  }

  #leave(place: Place): void {
    if (!place.taken) return;
    place.taken = false;
    this.#underWay--;
  }

  #pause(milliseconds: number): void {
    this.#resumeAt = Math.max(this.#resumeAt, performance.now() + milliseconds);
  }

  /** Lets in who there is room and time for, and comes back when it is time for the next. */
  #admit(): void {
    clearTimeout(this.#timer);
    while (this.#waiting.size > 0 && this.#underWay < this.window) {
      const now = performance.now();
      const wait = Math.max(this.#nextAt, this.#resumeAt) - now;
      if (wait > 0) {
        this.#timer = setTimeout(() => this.#admit(), wait);
        return;
      }
      const interval = this.#roundTrip / (PACE * this.window);
      this.#nextAt = Math.max(this.#nextAt, now - SLACK) + interval;
      this.#underWay++;
      this.#first().admit();
    }
  }
}

/** How long all wait after a refusal, in milliseconds; longer than the client waits is not believed. */
function pauseOf({ headers }: Response): number {
  const asked = retryAfter(headers);
  return asked === undefined || asked > LONG_WAIT_MS ? PAUSE : asked;
}
