import { continueAsNew, setHandler } from '@temporalio/workflow';
import type { RoundRef } from '../activities/dependencies.ts';
import type { ModelScore } from '../activities/evaluate.ts';
import type { Setting } from '../core/plan.ts';
import { rangeAt, rangeCount, rangeText } from '../core/range.ts';
import type { ModelRole, PerModel } from '../core/types.ts';
import { activitiesWith } from './activities.ts';
import { type FanOut, fanOut } from './fanOut.ts';
import { handlePause, progress } from './messages.ts';

export interface EvaluateWorkflowInput {
  ref: RoundRef;
  /** The models to grade, with what is known of their scores so far. */
  scores: PerModel<ModelScore>;
  /** Over the test split, which is gone through once for each model. */
  fanOut: FanOut;
  paused: boolean;
  setting: Setting;
}

/**
 * Grades models on the whole test split, in order: an engine may hold one at a time. As the last
 * batches of a model are asked, the first of the next are begun.
 *
 * @internal
 */
export async function evaluate(input: EvaluateWorkflowInput): Promise<PerModel<ModelScore>> {
  const { ref, scores } = input;
  const { size, total } = input.fanOut;
  const models = Object.entries(scores) as [ModelRole, ModelScore][];
  const perform = activitiesWith(input.setting.activityOptions);
  const pause = handlePause(input.paused);
  setHandler(progress, () => ({
    done: models.reduce((sum, [, score]) => sum + score.total, 0),
    total: total * models.length,
    unit: 'examples',
    note: models.find(([, score]) => score.total < total)?.[0],
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
  });
  if (next < batches)
    await continueAsNew<typeof evaluate>({
      ...input,
      fanOut: { ...input.fanOut, from: next },
      paused: pause.paused,
    });
  return scores;
}
