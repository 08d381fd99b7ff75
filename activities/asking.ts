import type { AnswerStage } from '../core/answer.ts';
import type { Tolerance } from '../core/failing.ts';
import { isAskedIn, type Pass } from '../core/passes.ts';
import type { OrdinalRange, Split, StoredExample } from '../core/types.ts';
import { Batch } from './batch.ts';
import { type Dependencies, openRound, type RoundRef } from './dependencies.ts';
import { tracked } from './progress.ts';

/** Names a range of examples in a round. */
export interface RangeRef extends RoundRef {
  range: OrdinalRange;
  /** How many examples may fail. */
  tolerance?: Tolerance | undefined;
}

/** The same in a pass of the collaborators over a split. */
export interface PassRef extends RangeRef {
  pass: Pass;
}

/** What an activity asks for. */
export interface Subject {
  stage: AnswerStage;
  /** Whose examples it asks about. */
  split: Split;
  /** Whether it asks about an example; about all where it is left out. */
  covers?: (example: StoredExample) => boolean;
  /** What is counted while it asks, for people. */
  unit: string;
  /** Whether its requests go before those of others: for few, on which a batch waits. */
  isAhead?: boolean;
}

/** Whether a pass is about an example of its split. */
export const coveredBy =
  ({ pass, heldOut }: Pick<PassRef, 'pass' | 'heldOut'>) =>
  (example: StoredExample): boolean =>
    isAskedIn(pass, example, heldOut);

/**
 * Does the work of an activity that asks models about a range of examples: opens the round, reads
 * the examples, heartbeats, and leaves what is under way its grace when the worker stops.
 */
export async function askAbout<T>(
  dependencies: Dependencies,
  ref: RangeRef,
  { split, unit, covers = () => true, ...subject }: Subject,
  work: (batch: Batch) => Promise<T>,
): Promise<T> {
  const { round, range, tolerance } = ref;
  const context = await openRound(dependencies, ref);
  return tracked(
    { total: range.to - range.from, unit },
    async (tracker) => {
      const examples = (await context.dataset.range(split, range)).filter(covers);
      const options = {
        dependencies,
        context,
        tracker,
        round,
        range,
        examples,
        tolerance,
        ...subject,
      };
      return work(new Batch(options));
    },
    dependencies.shutdownGraceMs,
  );
}
