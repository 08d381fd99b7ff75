import { type ApplicationFailure, ApplicationFailure as Failure } from '@temporalio/common';
import { endpointConfig } from '../../providers/config.ts';
import { Endpoint } from '../../providers/endpoint.ts';
import type { Provider } from '../support/provider/provider.ts';

export const MODEL = 'smollm2-135m-instruct';
export const EMBEDDER = 'all-minilm-l6-v2';

export function endpointAt({ baseURL }: Pick<Provider, 'baseURL'>, more: object = {}): Endpoint {
  return new Endpoint('here', endpointConfig.parse({ baseURL, ...more }));
}

/** For `assert.rejects`: a failure of this type that Temporal retries, or does not. */
export function failure(type: string, { retried }: { retried: boolean }) {
  return (error: unknown): error is ApplicationFailure => {
    if (error instanceof Failure && error.type === type && error.nonRetryable !== retried)
      return true;
    throw error;
  };
}
