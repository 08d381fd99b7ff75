import type { PlannedUse } from './prospect.ts';
import { combined, NOTHING, type Span, times } from './span.ts';

/** How fast an endpoint answers. */
export interface Pace {
  /** Requests at the same time. */
  inFlight: number;
  /** Seconds of a request, where some were timed. */
  requestSeconds?: Span | undefined;
  /** What it says that it takes in a minute. */
  perMinute?: Rates | undefined;
}

/** What an endpoint takes in a minute, where it says so. */
export interface Rates {
  requests?: number | undefined;
  tokens?: number | undefined;
}

/** Within how many hours a batch is answered, and how many requests can be under way so. */
export interface BatchPace {
  windowHours: number;
  requestsAtOnce: number;
}

/** Seconds until an answer begins, and for each of its tokens: of models small and large, near and far. */
const BEGINNING: Span = { low: 0.1, likely: 0.6, high: 3 };
const TOKEN: Span = { low: 0.003, likely: 0.02, high: 0.1 };
/** The share of its window that a batch takes. */
const OF_WINDOW: Span = { low: 0.01, likely: 0.25, high: 1 };
const HOUR_SECONDS = 3_600;

/** How long requests take that are sent as many at a time as the endpoint allows. */
export function secondsOf(use: PlannedUse, { inFlight, requestSeconds, perMinute }: Pace): Span {
  const { requests, promptTokens, completionTokens } = use;
  if (requests.high === 0) return NOTHING;
  const answering = requestSeconds
    ? times(requestSeconds, requests)
    : combined(
        [BEGINNING, requests, TOKEN, completionTokens],
        (beginning, count, token, tokens) => beginning! * count! + token! * tokens!,
      );
  const { requests: most = Infinity, tokens: mostTokens = Infinity } = perMinute ?? {};
  return combined(
    [answering, requests, promptTokens, completionTokens],
    (seconds, count, prompts, answers) =>
      Math.max(
        seconds! / inFlight,
        (60 * count!) / most,
        (60 * (prompts! + answers!)) / mostTokens,
      ),
  );
}

/** How long they take in batches. */
export function batchSeconds(
  { requests }: PlannedUse,
  { windowHours, requestsAtOnce }: BatchPace,
): Span {
  const waves = combined([requests], (count) => Math.ceil(count! / requestsAtOnce));
  return times(waves, OF_WINDOW, windowHours * HOUR_SECONDS);
}
