import { setTimeout as sleep } from 'node:timers/promises';
import { failureOf, type Trouble } from './errors.ts';
import { settled } from './settled.ts';

/** The longest time between two probes, in milliseconds: as long as it takes to go on again. */
const LONGEST_MS = 30_000;
/** The longest that is waited for at once, in milliseconds: a timer of a month would end at once. */
const AT_ONCE_MS = 3_600_000;
/** How often the provider has to say that it refuses, before that is believed. */
const REFUSALS = 3;

/** Why nothing is sent at present. */
interface Outage {
  trouble: Trouble;
  /** Epoch milliseconds. */
  since: number;
  probes: number;
  nextProbeAt: number;
  over: Promise<void>;
}

/** For how long one waits. */
export interface AwayLimit {
  /** From when it was away, in milliseconds. */
  mostMs: number;
  /** Since when it is known to be away from before this process; epoch milliseconds. */
  since(): number | undefined;
}

export interface BreakerOptions {
  /** What an error of it means; undefined for one of our own. */
  troubleOf(error: unknown): Trouble | undefined;
  /** How long a provider has to refuse before that is final, in milliseconds. */
  finalAfterMs: number;
  /** From opening to the first probe, in milliseconds. */
  firstWaitMs: number;
  /** Told when it opens and closes. */
  notify(notice: string): void;
}

/**
 * A circuit breaker. While it is open nothing is sent but one probe at a time, less and less often,
 * and it closes with the first that is answered. An outage may last as long as it likes; only what
 * the provider itself refuses, several times and for a while, is final.
 */
export class CircuitBreaker {
  readonly #options: BreakerOptions;
  #outage?: Outage;
  /** Since when nothing is answered, also while nobody waits for it; epoch milliseconds. */
  #awaySince?: number;
  #waiting = 0;

  constructor(options: BreakerOptions) {
    this.#options = options;
  }

  get isOpen(): boolean {
    return this.#outage !== undefined;
  }

  /** Since when it is away, until something is answered; undefined where it is not. */
  get awaySince(): number | undefined {
    return this.#awaySince;
  }

  /** Something was answered. */
  answered(): void {
    this.#awaySince = undefined;
  }

  /** What is the matter, since when, and what is done about it; undefined where all is well. */
  get trouble(): string | undefined {
    if (!this.#outage) return undefined;
    const { trouble, since, probes, nextProbeAt } = this.#outage;
    const tried = probes > 0 ? `asked ${probes} times since, ` : '';
    return `${trouble.message}; held back since ${timeOf(since)}, ${tried}next at ${timeOf(nextProbeAt)}`;
  }

  /** @param probe a small request, which fails as long as there is trouble */
  open(trouble: Trouble, probe: () => Promise<unknown>): void {
    if (this.#outage) return;
    const now = Date.now();
    this.#awaySince ??= now;
    const outage: Outage = {
      ...{ trouble, since: this.#awaySince, probes: 0, nextProbeAt: now },
      over: Promise.resolve(),
    };
    this.#outage = outage;
    outage.over = this.#recover(outage, probe).finally(() => {
      this.#outage = undefined;
    });
    outage.over.catch(() => {}); // told to those who wait
    this.#options.notify(`${trouble.message}; held back until it is mended`);
  }

  /**
   * Resolves when it is closed, or with what is the matter when it has been away for too long. With
   * a limit no refusal is final: it is asked again until then.
   * @throws ApplicationFailure, non-retryable, for a refusal that is final; the signal's reason
   */
  async closed(signal?: AbortSignal, limit?: AwayLimit): Promise<Trouble | undefined> {
    while (this.#outage) {
      const { over, since, trouble } = this.#outage;
      const left = limit && Math.min(since, limit.since() ?? since) + limit.mostMs - Date.now();
      if (left !== undefined && left <= 0) return trouble;
      this.#waiting++;
      try {
        await settled(left === undefined ? over : within(over, Math.min(left, AT_ONCE_MS)), signal);
      } catch (error) {
        signal?.throwIfAborted();
        if (!limit) throw error;
      } finally {
        this.#waiting--;
      }
    }
    return undefined;
  }

  /** Probes until it is answered, or nobody waits any more. */
  async #recover(outage: Outage, probe: () => Promise<unknown>): Promise<void> {
    const { finalAfterMs, firstWaitMs, troubleOf, notify } = this.#options;
    let refusals = outage.trouble.isRefusal ? 1 : 0;
    let refusedSince = outage.since;
    for (let wait = firstWaitMs; ; wait = Math.min(2 * wait, LONGEST_MS)) {
      outage.nextProbeAt = Date.now() + wait;
      await sleep(wait, undefined, { ref: false });
      if (this.#waiting === 0) return;
      try {
        await probe();
        this.answered();
        notify(`${outage.trouble.message}: over after ${seconds(outage.since)} s`);
        return;
      } catch (error) {
        const trouble = troubleOf(error);
        if (!trouble) throw error;
        outage.trouble = trouble;
        outage.probes++;
        if (!trouble.isRefusal) refusals = 0;
        else if (refusals++ === 0) refusedSince = Date.now();
        if (refusals >= REFUSALS && Date.now() - refusedSince >= finalAfterMs)
          throw failureOf(trouble);
      }
    }
  }
}

/** The promise's outcome, or nothing when that takes longer. */
async function within(promise: Promise<void>, milliseconds: number): Promise<void> {
  const ended = new AbortController();
  const late = sleep(milliseconds, undefined, { signal: ended.signal }).catch(() => {});
  await Promise.race([promise, late]).finally(() => ended.abort());
}

const timeOf = (epoch: number) => `${new Date(epoch).toISOString().slice(11, 19)} UTC`;
const seconds = (since: number) => Math.round((Date.now() - since) / 1000);
