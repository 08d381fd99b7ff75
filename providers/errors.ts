import { ApplicationFailure } from '@temporalio/common';
import { APIConnectionError, APIError, BadRequestError } from 'openai';
import { z } from 'zod';
import { TooFewSamples } from './completion.ts';
import { whyUnreachable } from './connection.ts';

/**
 * What is wrong with this one request, not with the endpoint: the same request would be refused
 * again, others will not. Such an example gets an unreadable answer instead of stopping the run.
 */
const OF_ONE_REQUEST = new Set([
  'context_length_exceeded',
  'content_filter',
  'string_above_max_length',
]);

export function concernsOneRequest(error: unknown): error is APIError {
  if (!(error instanceof BadRequestError)) return false;
  // vLLM has no code for it, but these words.
  return OF_ONE_REQUEST.has(error.code ?? '') || /maximum context length/i.test(error.message);
}

/** Whether it was asking for log-probabilities that was refused. Not every endpoint fills `param`. */
export function refusesLogprobs(error: unknown): boolean {
  return (
    error instanceof APIError &&
    [400, 403, 422].includes(error.status ?? 0) &&
    (error.param === 'logprobs' || /\blogprobs\b/.test(error.message))
  );
}

/** Whether it was a body that broke off, is not JSON, or is not what was asked for. */
export function isUnreadable(error: unknown): error is Error {
  return error instanceof TypeError || error instanceof SyntaxError || error instanceof z.ZodError;
}

/**
 * The failure Temporal is to see for an error of the `openai` client: permanent ones are not
 * retried. Only status, code and parameter are passed on: a provider's message can quote the
 * request or part of the key, and failures are kept in histories.
 */
export function endpointFailure(
  error: unknown,
  where: { endpoint: string; apiKeyEnv?: string; model?: string },
): Error {
  if (error instanceof APIConnectionError) {
    const why = whyUnreachable(error);
    return ApplicationFailure.retryable(
      `endpoint "${where.endpoint}" cannot be reached${why ? `: ${why}` : ''}`,
      'Unreachable',
    );
  }
  if (error instanceof TooFewSamples)
    return ApplicationFailure.nonRetryable(
      `endpoint "${where.endpoint}" ${error.message}`,
      error.name,
    );
  if (isUnreadable(error))
    return ApplicationFailure.retryable(
      `endpoint "${where.endpoint}" gave an answer that cannot be read${fault(error)}`,
      'UnreadableAnswer',
    );
  if (!(error instanceof APIError) || error.status === undefined) return error as Error;
  const code = [error.code, error.param].filter(Boolean).join(', ');
  const said = `endpoint "${where.endpoint}" answered ${error.status}${code ? ` (${code})` : ''}`;
  switch (error.status) {
    case 401:
    case 403:
      return ApplicationFailure.nonRetryable(
        where.apiKeyEnv
          ? `${said}: check the key in the worker's variable ${where.apiKeyEnv}`
          : `${said}: it wants a key; name its variable as apiKeyEnv in temporal.config.ts`,
        'AuthenticationError',
      );
    case 404:
      return ApplicationFailure.nonRetryable(
        `${said}${where.model ? ` for model "${where.model}"` : ''}: check the model's name and the endpoint's base URL`,
        'NotFound',
      );
    case 400:
    case 405:
    case 410:
    case 413:
    case 422:
      return ApplicationFailure.nonRetryable(said, 'BadRequest');
    default:
      return ApplicationFailure.retryable(said, 'EndpointError');
  }
}

/** What is wrong with which field of an answer; zod's messages quote no values. */
function fault(error: Error): string {
  const [issue] = error instanceof z.ZodError ? error.issues : [];
  return issue ? `: ${[...issue.path, issue.message].join(' ')}` : '';
}
