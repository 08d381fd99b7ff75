import type { Duration } from '@temporalio/common';
import { msToNumber } from '@temporalio/common/lib/time.js';
import { z } from 'zod';
import { ACTIVITY_NAMES } from './activityNames.ts';

/** Activities heartbeat every two seconds; a busy machine may be late. */
const SHORTEST_HEARTBEAT_MS = 10_000;

const duration = z.custom<Duration>(
  (value) => milliseconds(value) > 0,
  'give milliseconds, or a number and a unit ("30 s", "2 hours", "1 day"), and more than nothing',
);

/** As Temporal reads a time span; NaN where it is none. */
function milliseconds(value: unknown): number {
  if (typeof value !== 'string' && typeof value !== 'number') return Number.NaN;
  try {
    return msToNumber(value as Duration);
  } catch {
    return Number.NaN;
  }
}

const options = z.strictObject({
  taskQueue: z
    .string()
    .min(1)
    .optional()
    .describe("Workers on this task queue do it; the run's own when left out."),
  startToCloseTimeout: duration.optional().describe('The longest that one attempt may take.'),
  scheduleToCloseTimeout: duration
    .optional()
    .describe('The longest that all attempts together may take; no bound when left out.'),
  heartbeatTimeout: duration
    .refine(
      (value) => milliseconds(value) >= SHORTEST_HEARTBEAT_MS,
      'give 10 s or more: heartbeats come every two seconds',
    )
    .optional()
    .describe('A worker that is silent for so long counts as dead.'),
  retry: z
    .strictObject({
      initialInterval: duration.optional(),
      backoffCoefficient: z.number().min(1).optional(),
      maximumInterval: duration.optional(),
      maximumAttempts: z.number().int().positive().optional(),
    })
    .optional()
    .describe('How failures are repeated that a repetition can mend.'),
});

/** What a user may set otherwise of our activities: of all of them, and of each. */
export const activityOptions = z
  .strictObject({
    all: options.optional().describe('For every activity, unless its own say otherwise.'),
    ...(Object.fromEntries(ACTIVITY_NAMES.map((name) => [name, options.optional()])) as Record<
      (typeof ACTIVITY_NAMES)[number],
      z.ZodOptional<typeof options>
    >),
  })
  .describe(
    'Timeouts, retries and task queues of activities, as runs are started with them: a run that goes on keeps those it was started with.',
  );

/** Timeouts, retries and task queues of our activities: of all of them, and of each. */
export type ActivityOptions = z.output<typeof activityOptions>;

/** Options over others: those of each activity by themselves. */
export function mergeActivityOptions(
  under: ActivityOptions = {},
  over: ActivityOptions = {},
): ActivityOptions {
  const names = [...new Set([...Object.keys(under), ...Object.keys(over)])];
  return Object.fromEntries(
    (names as (keyof ActivityOptions)[]).map((name) => [
      name,
      mergeOptions(under[name], over[name]),
    ]),
  );
}

type Options = z.output<typeof options>;

/** One activity's options over another set; retries field by field. */
function mergeOptions(under: Options = {}, over: Options = {}): Options {
  const retry = { ...under.retry, ...over.retry };
  return { ...under, ...over, ...(Object.keys(retry).length > 0 && { retry }) };
}
