import { ApplicationFailure } from '@temporalio/common';
import { APIConnectionError, APIError, BadRequestError } from 'openai';

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
  return error instanceof BadRequestError && OF_ONE_REQUEST.has(error.code ?? '');
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
  if (!(error instanceof APIError) || error.status === undefined)
    return error instanceof APIConnectionError
      ? ApplicationFailure.retryable(
          `endpoint "${where.endpoint}" cannot be reached`,
          'Unreachable',
        )
      : (error as Error);
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
    case 422:
      return ApplicationFailure.nonRetryable(said, 'BadRequest');
    default:
      return ApplicationFailure.retryable(said, 'EndpointError');
  }
}
