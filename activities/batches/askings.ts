import type { AnswerStage } from '../../core/answer.ts';
import type { Tolerance } from '../../core/failing.ts';
import { rangesIn } from '../../core/range.ts';
import { addSpent, NOTHING_SPENT, type Spent } from '../../core/spent.ts';
import { type Asked, askedIn } from '../../core/transport.ts';
import type { OrdinalRange } from '../../core/types.ts';
import { type Subject, subjectsOf } from '../asking.ts';
import { AnswersAwaited, Batch, type Carrier } from '../batch.ts';
import { answersIn, askCollaborators, type CollaborateInput } from '../collaborate.ts';
import { type Dependencies, openRound, type RoundRef } from '../dependencies.ts';
import { answersOf, askModel, type EvaluateInput } from '../evaluate.ts';
import { askWhichIsRight, type JustifyInput, justificationsIn } from '../justify.ts';
import type { Tracker } from '../progress.ts';

/** Examples that are gone through at a time: memory does not grow with the range. */
const PART = 500;

/** What is asked about each example of a range: the very requests that another activity would send. */
export type Asking =
  | { of: 'collaborate'; input: Omit<CollaborateInput, 'range'> }
  | { of: 'justify'; input: Omit<JustifyInput, 'range'> }
  | { of: 'evaluate'; input: Omit<EvaluateInput, 'range'> };

/** Requests of one kind to one endpoint, all of which go by batch. */
export interface Route {
  asked: Asked;
  endpoint: string;
}

/** What goes by batch about a range of examples. */
export interface AskingsInput extends RoundRef {
  range: OrdinalRange;
  /** One after the other: what a later one asks may follow from what an earlier one was answered. */
  askings: Asking[];
  routes: Route[];
  /** How many examples may fail where requests are sent by themselves. */
  tolerance?: Tolerance;
}

export const goesBy = (routes: readonly Route[], stage: AnswerStage, endpoint: string): boolean =>
  routes.some((route) => route.asked === askedIn(stage) && route.endpoint === endpoint);

/**
 * Goes through a range, a part after the other, and has every request that has no answer seen to.
 * @param verdictsInTurn after a verdict that is awaited nothing more is asked about the same examples:
 * what a judge has said of one model's answer holds for the same answer of another
 * @returns what all answers have cost that are stored by then
 */
export async function goThrough(
  dependencies: Dependencies,
  { range, askings, tolerance, ...ref }: AskingsInput,
  {
    tracker,
    carrier,
    verdictsInTurn,
  }: { tracker: Tracker; carrier: Carrier; verdictsInTurn: boolean },
): Promise<Spent> {
  let spent = NOTHING_SPENT;
  const context = await openRound(dependencies, ref);
  tracker.set({ total: range.to - range.from });
  for (const part of rangesIn(range, PART)) {
    for (const asking of askings) {
      tracker.signal.throwIfAborted();
      const subject = subjectOf(asking, part);
      const { stage } = subject;
      const examples = await subjectsOf(context, { ...ref, range: part }, subject);
      const where = { dependencies, context, tracker, round: ref.round, stage, range: part };
      const batch = new Batch({ ...where, examples, carrier, tolerance });
      const awaited = await awaitedIn(ask(dependencies, batch, asking, part));
      spent = addSpent(spent, batch.spent);
      if (verdictsInTurn && awaited && askedIn(awaited) === 'judge') break;
    }
    tracker.add(part.to - part.from);
  }
  return spent;
}

function subjectOf({ of, input }: Asking, range: OrdinalRange): Subject {
  switch (of) {
    case 'collaborate':
      return answersIn({ ...input, range });
    case 'justify':
      return justificationsIn({ ...input, range });
    case 'evaluate':
      return answersOf(input);
  }
}

async function ask(
  dependencies: Dependencies,
  batch: Batch,
  { of, input }: Asking,
  range: OrdinalRange,
): Promise<unknown> {
  switch (of) {
    case 'collaborate':
      return askCollaborators(batch, { ...input, range });
    case 'justify':
      return askWhichIsRight(dependencies, batch, { ...input, range });
    case 'evaluate':
      return askModel(batch, { ...input, range });
  }
}

/** The stage whose answers are awaited; undefined where all are there. */
async function awaitedIn(asking: Promise<unknown>): Promise<AnswerStage | undefined> {
  try {
    await asking;
    return undefined;
  } catch (error) {
    if (error instanceof AnswersAwaited) return error.stage;
    throw error;
  }
}
