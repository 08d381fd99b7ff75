import { continueAsNew, setHandler } from '@temporalio/workflow';
import type { RoundRef } from '../activities/dependencies.ts';
import type { Score } from '../activities/select.ts';
import { rangeCount } from '../core/range.ts';
import type { ModelRole } from '../core/types.ts';
import { evaluate as evaluateBatch } from './activities.ts';
import { type FanOut, fanOut } from './fanOut.ts';
import { handlePause, progress } from './messages.ts';

export interface EvaluateWorkflowInput {
  ref: RoundRef;
  role: ModelRole;
  model: string;
  fanOut: FanOut;
  paused: boolean;
  /** Carried over when continued as new. */
  soFar?: Score;
}

/** Grades a model on the whole test split. */
export async function evaluate(input: EvaluateWorkflowInput): Promise<Score> {
  const { ref, role, model } = input;
  const soFar: Score = { correct: 0, total: 0, ...input.soFar };
  const pause = handlePause(input.paused);
  setHandler(progress, () => ({
    done: soFar.total,
    total: input.fanOut.total,
    unit: 'examples',
    note: role,
  }));

  const next = await fanOut(input.fanOut, pause, async (range) => {
    const score = await evaluateBatch({ ...ref, role, model, range });
    soFar.correct += score.correct;
    soFar.total += score.total;
  });
  if (next < rangeCount(input.fanOut.total, input.fanOut.size))
    await continueAsNew<typeof evaluate>({
      ...input,
      fanOut: { ...input.fanOut, from: next },
      paused: pause.paused,
      soFar,
    });
  return soFar;
}
