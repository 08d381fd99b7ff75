import { WorkflowFailedError } from '@temporalio/client';
import {
  ActivityFailure,
  ApplicationFailure,
  CancelledFailure,
  ChildWorkflowFailure,
  TerminatedFailure,
  TimeoutFailure,
} from '@temporalio/common';
import { messagesOf } from '../core/errors.ts';
import type { Failure } from './errors.ts';

/** How a workflow ended, out of the error that stands for its result. */
export function failureOf(error: WorkflowFailedError): Failure {
  const reason = reasonOf(error);
  const type = reason instanceof ApplicationFailure ? (reason.type ?? undefined) : undefined;
  return { state: stateOf(error.cause), type, messages: messagesOf(reason) };
}

function stateOf(cause: unknown): Failure['state'] {
  if (cause instanceof CancelledFailure) return 'cancelled';
  if (cause instanceof TerminatedFailure) return 'terminated';
  return cause instanceof TimeoutFailure ? 'timed_out' : 'failed';
}

/** What went wrong, without Temporal's layers around it, whose messages say nothing more. */
function reasonOf(error: Error): unknown {
  const { cause } = error;
  const isLayer = [WorkflowFailedError, ChildWorkflowFailure, ActivityFailure].some(
    (layer) => error instanceof layer,
  );
  return isLayer && cause instanceof Error ? reasonOf(cause) : error;
}
