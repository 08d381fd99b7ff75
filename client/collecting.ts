import {
  type Client,
  ScheduleAlreadyRunning,
  ScheduleNotFoundError,
  ScheduleOverlapPolicy,
} from '@temporalio/client';
import type { CollectInput } from '../core/living/collecting.ts';

/** How a place is watched for a run. */
export interface Watching {
  /**
   * A folder, as workers see it, or `s3://BUCKET/PREFIX`, with folders `labelled`, `unlabelled`, `test` and
   * `withdrawn`.
   */
  from: string;
  /** How often it is looked at. */
  everyMinutes: number;
}

const scheduleOf = (run: string) => `${run}/collect`;

/** Has a place watched for a run, from now on, by a schedule: there is one for each run. */
export async function startCollecting(
  temporal: Client,
  taskQueue: string,
  run: string,
  { from, everyMinutes }: Watching,
): Promise<void> {
  const scheduleId = scheduleOf(run);
  const schedule = {
    spec: { intervals: [{ every: `${everyMinutes} minutes` as const }] },
    action: {
      type: 'startWorkflow' as const,
      workflowType: 'collect',
      workflowId: scheduleId,
      taskQueue,
      args: [{ run, from } satisfies CollectInput],
    },
    policies: { overlap: ScheduleOverlapPolicy.SKIP },
  };
  const handle = temporal.schedule.getHandle(scheduleId);
  try {
    await temporal.schedule.create({ scheduleId, ...schedule });
  } catch (error) {
    if (!(error instanceof ScheduleAlreadyRunning)) throw error;
    await handle.update(({ state }) => ({ ...schedule, state }));
  }
  // At once, but never beside another: both would take what is new.
  await handle.trigger(ScheduleOverlapPolicy.BUFFER_ONE);
}

/** Ends it. @returns whether there was any */
export async function stopCollecting(temporal: Client, run: string): Promise<boolean> {
  try {
    await temporal.schedule.getHandle(scheduleOf(run)).delete();
    return true;
  } catch (error) {
    if (error instanceof ScheduleNotFoundError) return false;
    throw error;
  }
}
