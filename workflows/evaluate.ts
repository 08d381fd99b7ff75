import { continueAsNew, setHandler } from '@temporalio/workflow';
import type { RoundRef } from '../activities/dependencies.ts';
import type { Failing } from '../core/failing.ts';
import type { FoldModels } from '../core/gate/foldModels.ts';
import type { Estimated, GradedSplit } from '../core/gate/gradedOn.ts';
import type { Setting } from '../core/plan.ts';
import { rangeAt, rangeCount, rangeText } from '../core/range.ts';
import { addScores, NO_SCORE, type Score } from '../core/score.ts';
import { addSpent, NOTHING_SPENT, type Spent } from '../core/spent.ts';
import type { ModelRole, PerModel } from '../core/types.ts';
import { activitiesWith } from './activities.ts';
import { batchPage } from './batchPage.ts';
import { type CarriedBudget, handleBatchBudget } from './budget/ofBatches.ts';
import { askingIn } from './failing.ts';
import { endOf, type FanOut, fanOut } from './fanOut.ts';
import { handlePause, progress } from './messages.ts';

export interface EvaluateWorkflowInput {
  ref: RoundRef;
  /** Those to grade. */
  models: PerModel<string | FoldModels>;
  split: GradedSplit;
  /** What there is already, carried over when continued as new. */
  soFar?: Evaluated;
  /** Over the split, which is gone through once for each model. */
  fanOut: FanOut;
  paused: boolean;
  /** The share of examples that may fail until the run pauses. */
  maxFailed?: number | undefined;
  /** How many have; carried over when continued as new. */
  failing?: Failing;
  /** What the round allows; no limits where it is left out. */
  budget?: CarriedBudget;
  setting: Setting;
}

/** What evaluation has come to. */
export interface Evaluated {
  scores: Partial<Record<ModelRole, Score>>;
  /** What they were made on; the test split where it is left out. */
  estimate?: Estimated;
  spent: Spent;
}

/**
 * Grades models on a whole split, each batch of it by every one before the next: an engine that
 * tuned them need not do for each what is the same in all.
 *
 * @internal
 */
export async function evaluate(input: EvaluateWorkflowInput): Promise<Evaluated> {
  const { ref, split } = input;
  const { size, total, from, window } = input.fanOut;
  const models = Object.entries(input.models) as [ModelRole, string | FoldModels][];
  const perform = activitiesWith(input.setting.activityOptions);
  const by = split === 'labelled' && { estimate: 'cross-fitted' as const };
  const scores = { ...input.soFar?.scores };
  let spent = input.soFar?.spent ?? NOTHING_SPENT;
  const graded = (role: ModelRole) => scores[role]?.examples ?? 0;
  const done = () => models.reduce((sum, [role]) => sum + graded(role), 0);
  const pause = handlePause(input.paused);
  const asking = askingIn(ref.run, input.maxFailed, pause, input.failing);
  const budget = handleBatchBudget(ref.run, input.budget ?? {}, spent, () => page.held());
  setHandler(progress, () => ({
    done: done(),
    total: total * models.length,
    unit: 'examples',
    note: models.find(([role]) => graded(role) < total)?.[0],
  }));

  const page = batchPage('evaluate', ref, pause, () => ({
    done: done(),
    total: total * models.length,
    figures: { scores, ...by, spent },
    hold: budget.hold,
  }));

  const batches = rangeCount(total, size);
  const work = async (batch: number) => {
    const range = rangeAt(batch, size, total);
    let ofBatch = NOTHING_SPENT;
    // One after the other: what a judge has said of one model's answer holds for the same of another.
    for (const [role, model] of models) {
      await pause.whilePaused();
      const { spent: more, ...score } = await asking.ask((tolerance) =>
        perform.evaluate(
          { ...ref, role, model, split, range, tolerance },
          `evaluate ${rangeText(range)} of ${role}`,
        ),
      );
      scores[role] = addScores(scores[role] ?? NO_SCORE, score);
      spent = addSpent(spent, more);
      ofBatch = addSpent(ofBatch, more);
      page.show();
    }
    return ofBatch;
  };
  const lane = { from, end: endOf(from, batches), window, work };
  const working = fanOut(budget.guard(lane, 'batch'), pause);
  budget.review();
  const next = await working;
  if (next < batches)
    await continueAsNew<typeof evaluate>({
      ...input,
      soFar: { scores, ...by, spent },
      fanOut: { ...input.fanOut, from: next },
      paused: pause.paused,
      budget: budget.carried,
      failing: asking.soFar,
    });
  return { scores, ...by, spent };
}
