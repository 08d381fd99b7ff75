import type { Answer } from './answer.ts';

/** How many examples were asked about, and of how many most requests were given up. */
export interface Failing {
  asked: number;
  failed: number;
}

/** The same with how many requests were given up for each reason. */
export interface FailingFor extends Failing {
  reasons: Record<string, number>;
}

/** How much is put up with. */
export interface Tolerance {
  /** The share of examples that may fail, 0..1. */
  most: number;
  /** What was asked before, since the run was resumed last. */
  before: Failing;
}

export const NONE_FAILING: Failing = { asked: 0, failed: 0 };

/** So few may always fail: of a handful a share says nothing. */
const FEW = 10;

export const addFailing = (a: Failing, b: Failing): Failing => ({
  asked: a.asked + b.asked,
  failed: a.failed + b.failed,
});

/** Both, with their reasons. */
export function addFailingFor(a: FailingFor, b: FailingFor): FailingFor {
  const reasons = { ...a.reasons };
  for (const [reason, count] of Object.entries(b.reasons))
    reasons[reason] = (reasons[reason] ?? 0) + count;
  return { ...addFailing(a, b), reasons };
}

/**
 * Of how many examples more than half of the answers that were wanted had to be given up, and for which
 * reasons.
 * @param givenUp the answers @param wantedOf of an example, how many @param asked how many examples
 */
export function failingAmong(
  givenUp: readonly Pick<Answer, 'exampleId' | 'finishReason'>[],
  wantedOf: (exampleId: string) => number,
  asked: number,
): FailingFor {
  const byExample = Map.groupBy(givenUp, ({ exampleId }) => exampleId);
  const failed = [...byExample].filter(([id, of]) => of.length > wantedOf(id) / 2);
  const byReason = Map.groupBy(givenUp, ({ finishReason }) => finishReason);
  return {
    asked,
    failed: failed.length,
    reasons: Object.fromEntries([...byReason].map(([reason, of]) => [reason, of.length])),
  };
}

/** Whether more fail than is put up with, once these do. */
export function tooManyFail(now: Failing, { most, before }: Tolerance): boolean {
  const { asked, failed } = addFailing(before, now);
  return now.failed > 0 && failed > FEW && failed > most * asked;
}

/** What fails, in words. */
export function failingText({ asked, failed, reasons }: FailingFor): string {
  const counted = Object.entries(reasons)
    .sort(([, a], [, b]) => b - a)
    .map(([reason, count]) => `${reason} ${count}`);
  return `${failed} of ${asked} examples got no answer that can be used, while others are answered (${counted.join(', ')}): the worker's log has what the endpoint says; are the prompts too long for the model? Then lower shots`;
}
