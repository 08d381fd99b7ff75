import {
  ActivityCancellationType,
  type ActivityOptions as Options,
  proxyActivities,
  type RetryPolicy,
} from '@temporalio/workflow';
import type { Activities } from '../activities/index.ts';
import { ACTIVITY_PREFIX, type ActivityName, type Named } from '../core/activityNames.ts';
import type { ActivityOptions } from '../core/activityOptions.ts';

const retry: RetryPolicy = {
  initialInterval: '1s',
  backoffCoefficient: 2,
  maximumInterval: '2m',
  // Which failures are final is said where they are thrown: `finalFailure`.
};

/** Every activity heartbeats all the while: a dead worker's work is soon taken over. */
const heartbeatTimeout = '15s';

/** Work on a bounded piece: minutes at the most. */
const batch: Options = {
  startToCloseTimeout: '2 hours',
  heartbeatTimeout,
  cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
  // Else the worker that runs the workflow would get all batches, and the others none.
  allowEagerDispatch: false,
  retry,
};

/** A pass over files of any size. */
const pass: Options = { ...batch, startToCloseTimeout: '24 hours' };

/** Calls that are over in seconds. */
const short: Options = { startToCloseTimeout: '5 minutes', heartbeatTimeout, retry };

const DEFAULTS: Record<ActivityName, Options> = {
  // Jobs may queue for days at a provider; a worker that dies is noticed by its heartbeats.
  awaitJob: { ...batch, startToCloseTimeout: '30 days' },
  cancelJobs: short,
  checkModels: short,
  collaborate: batch,
  embed: batch,
  evaluate: batch,
  ingest: pass,
  justify: batch,
  knownSearchAttributes: short,
  maintain: batch,
  openRun: short,
  prepareSearch: batch,
  recordModel: short,
  report: short,
  retrieve: batch,
  select: batch,
  startJob: { ...batch, ...short },
  uploadTrainingFile: pass,
};

/** Our activities as workflows call them: with what they are to do now in a few words for the UI. */
export type Perform = {
  [Name in ActivityName]: (
    input: Parameters<Activities[Name]>[0],
    summary: string,
  ) => ReturnType<Activities[Name]>;
};

/** The activities, with what the user of a run has set otherwise of them. */
export function activitiesWith(given: ActivityOptions = {}): Perform {
  const perform = (name: ActivityName) => {
    const [usual, all, own] = [DEFAULTS[name], given.all, given[name]];
    const options = { ...usual, ...all, ...own, retry: { ...retry, ...all?.retry, ...own?.retry } };
    return (input: unknown, summary: string) =>
      proxyActivities<Named<Activities>>({ ...options, summary })[`${ACTIVITY_PREFIX}${name}`](
        input as never,
      );
  };
  return new Proxy({} as Perform, { get: (_, name) => perform(name as ActivityName) });
}
