import {
  ActivityCancellationType,
  type ActivityInterfaceFor,
  type ActivityOptions,
  proxyActivities,
  type RetryPolicy,
} from '@temporalio/workflow';
import type { Activities } from '../activities/index.ts';
import { ACTIVITY_PREFIX, type Named } from '../core/activityNames.ts';

const retry: RetryPolicy = {
  initialInterval: '1s',
  backoffCoefficient: 2,
  maximumInterval: '2m',
  // Which failures are final is said where they are thrown: `finalFailure`.
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

/** As `proxyActivities`, with our activities under the names they have in the code. */
function proxyOurs(options: ActivityOptions): ActivityInterfaceFor<Activities> {
  const named = proxyActivities<Named<Activities>>(options);
  return new Proxy({} as ActivityInterfaceFor<Activities>, {
    get: (_, name) => named[`${ACTIVITY_PREFIX}${String(name)}` as keyof Named<Activities>],
  });
}

export const { collaborate, embed, evaluate, justify, maintain, prepareSearch, retrieve, select } =
  proxyOurs(batch);

export const { ingest, uploadTrainingFile } = proxyOurs({
  ...batch,
  startToCloseTimeout: '24 hours',
});

/** Jobs may queue for days at a provider; a worker that dies is noticed by its heartbeats. */
export const { awaitJob } = proxyOurs({
  ...batch,
  startToCloseTimeout: '30 days',
});

export const { startJob } = proxyOurs({ ...batch, ...short });

export const { cancelJobs, checkModels, openRun, recordModel, report } = proxyOurs(short);
