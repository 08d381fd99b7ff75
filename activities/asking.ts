import type { AnswerStage } from '../core/answer.ts';
import type { Tolerance } from '../core/failing.ts';
import { isAskedIn, PASSES, type Pass } from '../core/passes.ts';
import type { OrdinalRange, Split, StoredExample } from '../core/types.ts';
import { Batch } from './batch.ts';
import { type Dependencies, openRound, type RoundContext, type RoundRef } from './dependencies.ts';
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
  /** The pass that it is part of, which may leave some of them out. */
  pass?: Pass;
  /** What is counted while it asks, for people. */
  unit: string;
  /** Whether its requests go before those of others: for few, on which a batch waits. */
  isAhead?: boolean;
}

/** The examples of a range that a pass is about. */
export async function examplesOf(
  { dataset, tables }: Pick<RoundContext, 'dataset' | 'tables'>,
  { pass, round, range, ...scope }: Omit<PassRef, 'run' | 'dataset'>,
): Promise<StoredExample[]> {
  const examples = await dataset.range(PASSES[pass].split, range);
  const needsTaught = pass === 'propagate' && scope.asked && range.from < scope.asked.from;
  const taught = needsTaught ? await tables.taught(range) : new Map<number, number>();
  const isTaught = (ordinal: number) => (taught.get(ordinal) ?? round) < round;
  return examples.filter((one) => isAskedIn(pass, one, scope, isTaught(one.ordinal)));
}

/** Those of a range that are asked about. */
export const subjectsOf = (
  context: RoundContext,
  ref: RangeRef,
  { pass, split }: Pick<Subject, 'pass' | 'split'>,
): Promise<StoredExample[]> =>
  pass ? examplesOf(context, { ...ref, pass }) : context.dataset.range(split, ref.range);

/**
 * Does the work of an activity that asks models about a range of examples: opens the round, reads
 * the examples, heartbeats, and leaves what is under way its grace when the worker stops.
 */
export async function askAbout<T>(
  dependencies: Dependencies,
  ref: RangeRef,
  { split, pass, unit, ...subject }: Subject,
  work: (batch: Batch) => Promise<T>,
): Promise<T> {
  const { round, range, tolerance } = ref;
  const context = await openRound(dependencies, ref);
  return tracked(
    { total: range.to - range.from, unit },
    async (tracker) => {
      const examples = await subjectsOf(context, ref, { pass, split });
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
