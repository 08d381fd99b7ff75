import { continueAsNew, setHandler } from '@temporalio/workflow';
import type { RoundRef } from '../activities/dependencies.ts';
import type { ModelScore } from '../activities/evaluate.ts';
import type { Setting } from '../core/plan.ts';
import { rangeAt, rangeCount, rangeText } from '../core/range.ts';
import { addSpent, NOTHING_SPENT, type Spent } from '../core/spent.ts';
import type { ModelRole, PerModel } from '../core/types.ts';
import { activitiesWith } from './activities.ts';
import { batchPage } from './batchPage.ts';
import { type FanOut, fanOut } from './fanOut.ts';
import { handlePause, progress } from './messages.ts';

export interface EvaluateWorkflowInput {
  ref: RoundRef;
  /** The models to grade, with what is known of their scores so far. */
  scores: PerModel<ModelScore>;
  /** Carried over when continued as new. */
  spent?: Spent;
  /** Over the test split, which is gone through once for each model. */
  fanOut: FanOut;
  paused: boolean;
  setting: Setting;
}

/** What evaluation has come to. */
export interface Evaluated {
  scores: PerModel<ModelScore>;
  spent: Spent;
}

/**
 * Grades models on the whole test split, in order: an engine may hold one at a time. As the last
 * batches of a model are asked, the first of the next are begun.
 *
 * @internal
 */
export async function evaluate(input: EvaluateWorkflowInput): Promise<Evaluated> {
  const { ref, scores } = input;
  const { size, total } = input.fanOut;
  const models = Object.entries(scores) as [ModelRole, ModelScore][];
  const perform = activitiesWith(input.setting.activityOptions);
  let spent = input.spent ?? NOTHING_SPENT;
  const done = () => models.reduce((sum, [, score]) => sum + score.total, 0);
  const pause = handlePause(input.paused);
  setHandler(progress, () => ({
    done: done(),
    total: total * models.length,
    unit: 'examples',
    note: models.find(([, score]) => score.total < total)?.[0],
  }));

  const page = batchPage('evaluate', ref, pause, () => ({
    done: done(),
    total: total * models.length,
    figures: { scores, spent },
  }));

  const perModel = rangeCount(total, size);
  const batches = perModel * models.length;
  const next = await fanOut(batches, input.fanOut, pause, async (batch) => {
    const [role, soFar] = models[Math.floor(batch / perModel)]!;
    const range = rangeAt(batch % perModel, size, total);
    const score = await perform.evaluate(
      { ...ref, role, model: soFar.model, range },
      `evaluate ${rangeText(range)} of ${role}`,
    );
    soFar.correct += score.correct;
    soFar.total += score.total;
    spent = addSpent(spent, score.spent);
    page.show();
  });
  if (next < batches)
    await continueAsNew<typeof evaluate>({
      ...input,
      spent,
      fanOut: { ...input.fanOut, from: next },
      paused: pause.paused,
    });
  return { scores, spent };
}
