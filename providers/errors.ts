import type { ApplicationFailure } from '@temporalio/common';
import { APIConnectionError, APIConnectionTimeoutError, APIError } from 'openai';
import { SemiEvolError } from '../core/errors.ts';
import { type FailureType, finalFailure, passingFailure } from '../core/failures.ts';
import { TooFewSamples } from './completion.ts';
import { whyUnreachable } from './connection.ts';
import { redacted } from './redacted.ts';
import { LONG_WAIT_MS, retryAfter } from './retryAfter.ts';
import { isOutOfMoney, type Said, saidBy } from './said.ts';

/** The longest that a `Retry-After` is believed, in milliseconds. */
const LONGEST_WAIT_MS = 3_600_000;

/**
 * An answer whose body broke off, is not JSON, or is not what was asked for. Thrown by what reads
 * bodies, and by nothing else: all other errors are our own, and never become data.
 */
export class UnreadableAnswer extends SemiEvolError {
  override readonly name = 'UnreadableAnswer';
  /** It is a page for people, of something that stands before the endpoint. */
  readonly isPage: boolean;

  constructor(
    message: string,
    { isPage = false, ...options }: ErrorOptions & { isPage?: boolean } = {},
  ) {
    super(message, options);
    this.isPage = isPage;
  }
}

/** A model that has to be deployed is not up: it is being put up. Its message is for people. */
export class NotUp extends SemiEvolError {
  override readonly name = 'NotUp';
}

/** What went wrong between us and an endpoint. */
export interface Trouble {
  /** Type of the failure that Temporal sees. */
  type: FailureType;
  /** What happened and what to do, for people; the provider's own sentence is redacted. */
  message: string;
  /** What to call it where one request is given up for it: the status, or `unreadable`. */
  reason: string;
  /**
   * The provider itself refuses the request as it is: it would do so again, until somebody mends
   * the spec or the configuration.
   */
  isRefusal: boolean;
  /** One request by itself may be the cause, where others are answered. */
  mayBeOfOne: boolean;
  /** There is more asked for than is taken: a matter of time alone. */
  isBusy?: boolean;
  /** Milliseconds until it is worth to look again, where that is known. */
  waitMs?: number;
}

/** Where it went wrong, and what a message must not repeat. */
export interface Where {
  endpoint: string;
  apiKeyEnv?: string;
  model?: string;
  /** What was sent. */
  texts?: readonly string[];
  /** Milliseconds until it is looked whether somebody has mended a key or an account. */
  mendedMs?: number;
}

/** What is behind an error of the `openai` client or of reading; undefined for one of our own. */
export function troubleOf(error: unknown, where: Where): Trouble | undefined {
  const at = `endpoint "${where.endpoint}"`;
  if (error instanceof APIConnectionError)
    return {
      type: 'Unreachable',
      message: `${at} cannot be reached${because(error)}: is it running, and is its baseURL right?`,
      reason: 'unreachable',
      isRefusal: false,
      mayBeOfOne: error instanceof APIConnectionTimeoutError,
    };
  if (error instanceof NotUp)
    return {
      ...{ type: 'NotDeployed', message: error.message, reason: 'not-deployed' },
      ...{ isRefusal: false, mayBeOfOne: false },
    };
  if (error instanceof TooFewSamples)
    return {
      type: 'TooFewSamples',
      message: `${at} ${error.message}`,
      reason: 'too-few-samples',
      isRefusal: true,
      mayBeOfOne: false,
    };
  if (error instanceof UnreadableAnswer)
    return {
      type: 'UnreadableAnswer',
      message: `${at} gave an answer that cannot be read: ${error.message}`,
      reason: 'unreadable',
      isRefusal: false,
      mayBeOfOne: !error.isPage,
    };
  return error instanceof APIError && error.status !== undefined
    ? troubleOfStatus(error.status, error, where)
    : undefined;
}

function troubleOfStatus(status: number, error: APIError, where: Where): Trouble {
  const { headers } = error;
  const said = saidBy(error);
  const told = [
    `endpoint "${where.endpoint}" answered ${status}`,
    where.model && ` for model "${where.model}"`,
    sentence(said, where),
  ].join('');
  const asked = headers && retryAfter(headers);
  const trouble = (type: Trouble['type'], remedy: string, more: Partial<Trouble> = {}) => ({
    type,
    message: remedy ? `${told}: ${remedy}` : told,
    reason: `refused:${status}`,
    isRefusal: false,
    mayBeOfOne: status >= 500,
    ...(asked !== undefined && { waitMs: Math.min(asked, LONGEST_WAIT_MS) }),
    ...more,
  });
  if (isOutOfMoney(status, said))
    return trouble('OutOfMoney', 'top up the account or raise its limit', {
      waitMs: where.mendedMs,
    });
  if (!said && status < 500 && status !== 429)
    return trouble(
      'EndpointError',
      'not in the form of a model API: is something between, is it down for maintenance, is its baseURL right?',
    );
  switch (status) {
    case 401:
    case 403: // so do filters, too
      return trouble(
        'AuthenticationError',
        where.apiKeyEnv
          ? `check the key in the worker's variable ${where.apiKeyEnv}`
          : 'it wants a key: name its variable as apiKeyEnv in temporal.config.ts',
        { waitMs: where.mendedMs, mayBeOfOne: status === 403 },
      );
    case 404:
      return trouble('NotFound', "check the model's name and the endpoint's base URL", {
        isRefusal: true,
        mayBeOfOne: true,
      });
    case 400:
    case 405:
    case 410:
    case 413:
    case 415:
    case 422:
    case 501:
      return trouble('BadRequest', '', { isRefusal: true, mayBeOfOne: true });
    case 429:
      return trouble('EndpointError', askedToWait(asked), { isBusy: true });
    default:
      return trouble('EndpointError', askedToWait(asked));
  }
}

/**
 * The failure Temporal is to see for an error of a request that is made once in a while, as those
 * of jobs are. What a provider itself refuses is final; all else is tried again, after as long as
 * the endpoint asks for. An error that is none of an endpoint's is given back as it is.
 */
export function endpointFailure(error: unknown, where: Where): Error {
  const trouble = troubleOf(error, where);
  return trouble ? failureOf(trouble) : (error as Error);
}

export function failureOf({ message, type, isRefusal, waitMs }: Trouble): ApplicationFailure {
  return isRefusal ? finalFailure(type, message) : passingFailure(type, message, waitMs);
}

/** What is worth saying of a long `Retry-After`. */
const askedToWait = (ms: number | undefined): string =>
  ms !== undefined && ms > LONG_WAIT_MS ? `it asks to wait ${Math.round(ms / 1000)} s` : '';

/** The provider's own words, as far as they may be told. */
function sentence(said: Said | undefined, { apiKeyEnv, texts }: Where): string {
  if (!said) return '';
  const code = [said.code, said.param].filter(Boolean).join(', ');
  const key = apiKeyEnv && process.env[apiKeyEnv];
  const words = redacted(said.message ?? '', texts, key || undefined);
  return `${code && ` (${redacted(code, texts, key || undefined)})`}${words && `, "${words}"`}`;
}

function because(error: Error): string {
  const why = whyUnreachable(error);
  return why ? ` (${why})` : '';
}
