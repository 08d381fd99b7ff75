import { ActivityCancellationType, proxyActivities, type RetryPolicy } from '@temporalio/workflow';
import type { Activities } from '../activities/index.ts';

const retry: RetryPolicy = {
  initialInterval: '1s',
  backoffCoefficient: 2,
  maximumInterval: '2m',
  // Which failures are final is said where they are thrown: `ApplicationFailure.nonRetryable`.
};

/** Every activity heartbeats all the while: a dead worker's work is soon taken over. */
const heartbeatTimeout = '15s';

/** Work on a bounded piece: minutes at the most. */
const batch = {
  startToCloseTimeout: '2 hours',
  heartbeatTimeout,
  cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
  // Else the worker that runs the workflow would get all batches, and the others none.
  allowEagerDispatch: false,
  retry,
} as const;

/** Calls that are over in seconds. */
const short = { startToCloseTimeout: '5 minutes', heartbeatTimeout, retry } as const;

export const { collaborate, embed, evaluate, justify, maintain, prepareSearch, retrieve, select } =
  proxyActivities<Activities>(batch);

export const { ingest, uploadTrainingFile } = proxyActivities<Activities>({
  ...batch,
  startToCloseTimeout: '24 hours',
});

/** Jobs may queue for days at a provider; a worker that dies is noticed by its heartbeats. */
export const { awaitJob } = proxyActivities<Activities>({
  ...batch,
  startToCloseTimeout: '30 days',
});

export const { startJob } = proxyActivities<Activities>({ ...batch, ...short });

export const { cancelJobs, checkModels, openRun, recordModel, report } =
  proxyActivities<Activities>(short);
