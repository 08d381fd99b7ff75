import { WorkflowExecutionAlreadyStartedError } from '@temporalio/common';
import { startChild } from '@temporalio/workflow';
import type { CrownInput } from '../activities/crown.ts';
import type { Champion } from '../core/living/runState.ts';
import type { Setting } from '../core/plan.ts';
import { activitiesWith } from './activities.ts';
import { announce } from './announce.ts';

/**
 * Makes a model the champion of a run, and has those told who are to know it, which nobody waits for: of
 * this change and of those that are recorded after it, which an execution before this one may have made
 * and not told of.
 * @returns the champion as it is recorded: of changes of one number the first counts
 */
export async function crown(input: CrownInput, setting: Setting): Promise<Champion> {
  const { run, promotion } = input;
  const summary = `${promotion.model} is the champion`;
  const crowned = await activitiesWith(setting.activityOptions).crown(input, summary);
  const { announcement, announcing, champion, next } = crowned;
  if (announcing)
    try {
      await startChild(announce, {
        workflowId: `${run}/promotion-${promotion.number}`,
        workflowIdReusePolicy: 'ALLOW_DUPLICATE_FAILED_ONLY',
        // The run goes on, and may end, before all are told.
        parentClosePolicy: 'ABANDON',
        staticSummary: `tells that ${promotion.model} is the champion`,
        args: [{ announcement, announcing, setting }],
      });
    } catch (error) {
      // Told, or being told, by an execution of the run before this one.
      if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
    }
  return next ? crown({ ...input, promotion: next }, setting) : champion;
}
