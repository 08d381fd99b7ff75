import { ActivityFailure, CancelledFailure, ChildWorkflowFailure } from '@temporalio/common';
import { isCancellation } from '@temporalio/workflow';

/**
 * Whether work ended for its cancellation. An attempt of an activity may fail before it learns of
 * that: the failure is then the attempt's own, of which Temporal says why it is not tried again.
 */
export function isCancelled(error: unknown): boolean {
  if (isCancellation(error)) return true;
  if (error instanceof ActivityFailure) return error.retryState === 'CANCEL_REQUESTED';
  return error instanceof ChildWorkflowFailure && isCancelled(error.cause);
}

/** The same error; the failure of an attempt that was cancelled as a cancellation. */
export const cancellationOf = (error: unknown): unknown =>
  isCancelled(error) && !isCancellation(error)
    ? new CancelledFailure('cancelled', [], error as Error)
    : error;
