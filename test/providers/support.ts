import { type ApplicationFailure, ApplicationFailure as Failure } from '@temporalio/common';
import { endpointConfig } from '../../providers/config.ts';
import { Endpoint } from '../../providers/endpoint.ts';
import type { Provider } from '../../testing/provider.ts';

export const MODEL = 'smollm2-135m-instruct';
export const EMBEDDER = 'all-minilm-l6-v2';

/** An endpoint at a provider, patient for half a second where a real one is for two minutes. */
export function endpointAt(
  { baseURL }: Pick<Provider, 'baseURL'>,
  more: object = {},
  notify?: (notice: string) => void,
): Endpoint {
  const config = endpointConfig.parse({ baseURL, finalAfterSeconds: 0.5, ...more });
  return new Endpoint('here', config, notify);
}

/** For `assert.rejects`: a failure of this type that Temporal retries, or does not. */
export function failure(type: string, { retried }: { retried: boolean }) {
  return (error: unknown): error is ApplicationFailure => {
    if (error instanceof Failure && error.type === type && error.nonRetryable !== retried)
      return true;
    throw error;
  };
}
