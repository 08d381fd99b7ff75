import type { PlannedUse } from './prospect.ts';
import { combined, NOTHING, type Span, times } from './span.ts';

/** How fast an endpoint answers. */
export interface Pace {
  /** Requests at the same time. */
  inFlight: number;
  /** Seconds of a request, where some were timed. */
  requestSeconds?: Span | undefined;
}

/** Seconds until an answer begins, and for each of its tokens: of models small and large, near and far. */
const BEGINNING: Span = { low: 0.1, likely: 0.6, high: 3 };
const TOKEN: Span = { low: 0.003, likely: 0.02, high: 0.1 };

/** How long requests take that are sent as many at a time as the endpoint allows; a job says nothing of it. */
export function secondsOf({ requests, completionTokens }: PlannedUse, pace: Pace): Span {
  if (requests.high === 0) return NOTHING;
  const answering = pace.requestSeconds && times(pace.requestSeconds, requests);
  const all =
    answering ??
    combined(
      [BEGINNING, requests, TOKEN, completionTokens],
      (beginning, count, token, tokens) => beginning! * count! + token! * tokens!,
    );
  return times(all, 1 / pace.inFlight);
}
