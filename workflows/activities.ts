import {
  ActivityCancellationType,
  type ActivityOptions as Options,
  proxyActivities,
  type RetryPolicy,
} from '@temporalio/workflow';
import type { Activities } from '../activities/index.ts';
import { ACTIVITY_PREFIX, type ActivityName, type Named } from '../core/activityNames.ts';
import type { ActivityOptions } from '../core/activityOptions.ts';

const RETRY: RetryPolicy = {
  initialInterval: '1s',
  backoffCoefficient: 2,
  maximumInterval: '2m',
  // Which failures are final is said where they are thrown: `finalFailure`.
};

/** Every activity heartbeats all the while: a dead worker's work is soon taken over. */
const HEARTBEAT_TIMEOUT = '15s';

/** Work on a bounded piece: minutes at the most. */
const BATCH: Options = {
  startToCloseTimeout: '2 hours',
  heartbeatTimeout: HEARTBEAT_TIMEOUT,
  cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
  // Else the worker that runs the workflow would get all batches, and the others none.
  allowEagerDispatch: false,
  retry: RETRY,
};

/** A pass over files of any size. */
const PASS: Options = { ...BATCH, startToCloseTimeout: '24 hours' };

/** Calls that are over in seconds. */
const SHORT: Options = {
  startToCloseTimeout: '5 minutes',
  heartbeatTimeout: HEARTBEAT_TIMEOUT,
  retry: RETRY,
};

const DEFAULTS: Record<ActivityName, Options> = {
  // Who is not told in days has gone for good.
  announce: { ...SHORT, scheduleToCloseTimeout: '3 days' },
  audit: BATCH,
  arrive: PASS,
  // Jobs may queue for days at a provider; a worker that dies is noticed by its heartbeats.
  awaitJob: { ...BATCH, startToCloseTimeout: '30 days' },
  awaitBatch: { ...BATCH, startToCloseTimeout: '30 days' },
  bookHours: SHORT,
  cancelBatch: SHORT,
  cancelJobs: SHORT,
  checkModels: BATCH,
  coTrain: PASS,
  // It waits while a run reads what it is handed.
  collect: PASS,
  collaborate: BATCH,
  collaborateFree: BATCH,
  // Of up to 50,000 requests; what a batch refuses is sent one by one.
  collectBatches: PASS,
  compareWays: BATCH,
  crown: SHORT,
  deploy: { ...BATCH, ...SHORT },
  embed: BATCH,
  evaluate: BATCH,
  finishedRuns: SHORT,
  foldModels: SHORT,
  ingest: PASS,
  justify: BATCH,
  keepState: SHORT,
  knownSearchAttributes: SHORT,
  lastState: SHORT,
  maintain: BATCH,
  openRun: SHORT,
  planBatches: SHORT,
  prepareSearch: BATCH,
  rankForReview: BATCH,
  recordModel: SHORT,
  recordRun: BATCH,
  report: BATCH,
  retrieve: BATCH,
  select: BATCH,
  startBatch: { ...BATCH, ...SHORT },
  startJob: { ...BATCH, ...SHORT },
  undeploy: { ...BATCH, ...SHORT },
  uploadTrainingFile: PASS,
  watchDeployment: BATCH,
  writeBatches: PASS,
};

/** Our activities as workflows call them: with what they are to do now in a few words for the UI. */
export type Perform = {
  [Name in ActivityName]: (
    input: Parameters<Activities[Name]>[0],
    summary: string,
  ) => ReturnType<Activities[Name]>;
};

/**
 * The activities, with what the user of a run has set otherwise of them.
 * @param at the task queue that all of them are sent to, where it is not for the user to choose
 */
export function activitiesWith(given: ActivityOptions = {}, at?: { taskQueue: string }): Perform {
  const perform = (name: ActivityName) => {
    const [usual, all, own] = [DEFAULTS[name], given.all, given[name]];
    const retry = { ...RETRY, ...all?.retry, ...own?.retry };
    const options = { ...usual, ...all, ...own, ...at, retry };
    return (input: unknown, summary: string) =>
      proxyActivities<Named<Activities>>({ ...options, summary })[`${ACTIVITY_PREFIX}${name}`](
        input as never,
      );
  };
  return new Proxy({} as Perform, { get: (_, name) => perform(name as ActivityName) });
}
