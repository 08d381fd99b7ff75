import type { AwayLimit } from '../providers/breaker.ts';
import type { Endpoint } from '../providers/endpoint.ts';

/** Since when models have been away, in epoch milliseconds, by endpoint and model. */
export type AwaySince = Record<string, number>;

/**
 * How long models have been away, over all attempts of an activity: what it knows is heartbeated, so
 * that one that another worker takes up does not begin to wait anew.
 */
export class AwayClock {
  /** Of the attempts before, until the model answers. */
  readonly #before: Map<string, number>;
  readonly #watched = new Map<string, () => number | undefined>();

  constructor(before: AwaySince = {}) {
    this.#before = new Map(Object.entries(before));
  }

  /** Watches a model. @param minutes for how long it may be away; undefined where it is waited for */
  limit(endpoint: Endpoint, model: string, minutes: number | undefined): AwayLimit | undefined {
    if (minutes === undefined) return undefined;
    const key = keyOf(endpoint, model);
    this.#watched.set(key, () => endpoint.awaySince(model));
    return { mostMs: 60_000 * minutes, since: () => this.#before.get(key) };
  }

  answered(endpoint: Endpoint, model: string): void {
    this.#before.delete(keyOf(endpoint, model));
  }

  /** What another attempt has to know. */
  get since(): AwaySince {
    const now = [...this.#watched].flatMap(([key, since]): [string, number][] => {
      const at = Math.min(since() ?? Infinity, this.#before.get(key) ?? Infinity);
      return at === Infinity ? [] : [[key, at]];
    });
    return Object.fromEntries([...this.#before, ...now]);
  }
}

const keyOf = ({ name }: Endpoint, model: string) => JSON.stringify([name, model]);
