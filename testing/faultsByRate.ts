import type { Fault, FaultPlan } from './faults.ts';
import { chance } from './wire.ts';

const error = (message: string, type: string) => ({
  error: { message, type, param: null, code: null },
});
const overload = (status: number) => ({ status, body: error('Try again.', 'server_error') });
const busy = { status: 429, body: error('Too many requests.', 'requests') };

/** Every way in which a request can go wrong, by name. */
const FAULTS = {
  '429': busy,
  '429-retry-after': { ...busy, headers: { 'retry-after': '1', 'retry-after-ms': '200' } },
  '500': overload(500),
  '502': overload(502),
  '503': overload(503),
  slow: { slowMs: 1_000 },
  'cut-before': 'cut-before',
  'cut-after': 'cut-after',
  truncated: 'truncated',
  malformed: 'malformed',
  'wrong-type': 'wrong-type',
  'empty-choices': 'empty-choices',
  refusal: 'refusal',
  'no-logprobs': 'no-logprobs',
} satisfies Record<string, Fault>;

/** What may go wrong with a request, by its name. */
export type FaultKind = keyof typeof FAULTS;

const OF_CHAT: FaultKind[] = ['empty-choices', 'refusal', 'no-logprobs'];
/** A client keeps what these say: they are answers. */
const LASTING: FaultKind[] = ['refusal', 'no-logprobs'];

/** All names of what may go wrong. */
export const FAULT_KINDS = Object.keys(FAULTS) as FaultKind[];
/** The kinds that a repetition mends. */
export const PASSING_KINDS = FAULT_KINDS.filter((kind) => !LASTING.includes(kind));

/** How often something goes wrong, and what. */
export interface FaultRate {
  /** Share of the requests that go wrong, 0 to 1. */
  rate: number;
  seed: number;
  /** Default: `PASSING_KINDS`. */
  kinds?: FaultKind[];
}

/** Of so many attempts at one request the last always goes well. */
const PATIENCE = 3;

/**
 * Faults at a rate. Whether and how a request goes wrong follows from seed, request and attempt
 * alone, and at the most two attempts in a row do, so that no request is spoilt for ever.
 *
 * By default only the kinds that a repetition mends: with them the results of a run are those of a
 * run without. A refusal or an answer without log-probabilities is an answer to a client, which
 * stores it and goes on: with those kinds the results are others, and rightly so.
 */
export function faultsByRate({ rate, seed, kinds = PASSING_KINDS }: FaultRate): FaultPlan {
  return ({ path, digest, attempt }) => {
    if (attempt % PATIENCE === 0 || chance('fault', seed, digest, attempt) >= rate) return;
    const fitting =
      path === '/chat/completions' ? kinds : kinds.filter((kind) => !OF_CHAT.includes(kind));
    const kind = fitting[Math.floor(chance('kind', seed, digest, attempt) * fitting.length)];
    return kind && FAULTS[kind];
  };
}
