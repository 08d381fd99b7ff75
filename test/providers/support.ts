import { setTimeout as sleep } from 'node:timers/promises';
import { type ApplicationFailure, ApplicationFailure as Failure } from '@temporalio/common';
import { afterEach, beforeEach } from 'mocha';
import { endpointConfig } from '../../providers/config.ts';
import { type ChatRequest, Endpoint } from '../../providers/endpoint.ts';
import type { Fault } from '../../testing/faults.ts';
import { type Provider, type ProviderOptions, startProvider } from '../../testing/provider.ts';
import type { JournalEntry, RequestBody } from '../../testing/requests.ts';

export const MODEL = 'smollm2-135m-instruct';
export const EMBEDDER = 'all-minilm-l6-v2';
export const PROMPT = 'the very private question';
/** Headers of a refusal that may be repeated at once. */
export const soon = { 'retry-after-ms': '1' };

export const request: ChatRequest = {
  model: MODEL,
  messages: [
    { role: 'system', content: 'Classify.\nLabels: animal, food, plant' },
    { role: 'user', content: PROMPT },
  ],
  sampling: { temperature: 1, topP: 0.9, maxTokens: 5 },
  seeds: [40],
};

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

/** Looks until an endpoint has this trouble. */
export async function untilTrouble(endpoint: Endpoint, expected: RegExp): Promise<void> {
  while (!expected.test(endpoint.trouble ?? '')) await sleep(5);
}

/** A provider for each test of the suite that calls this. */
export function aProvider() {
  let provider: Provider;
  beforeEach(async () => {
    provider = await startProvider();
  });
  afterEach(() => provider.close());
  return {
    get provider(): Provider {
      return provider;
    },
    async restart(options: ProviderOptions): Promise<void> {
      await provider.close();
      provider = await startProvider(options);
    },
    /** The chat requests that are no probes. */
    chats: (): JournalEntry[] => provider.requests({ kind: 'chat' }),
    always: (fault: Fault) => provider.setFaults(() => fault),
    /** Of each request the first time. */
    once: (fault: Fault) =>
      provider.setFaults(({ attempt }) => (attempt === 1 ? fault : undefined)),
    /** The bodies of the requests that come from now on. */
    bodies(): RequestBody[] {
      const seen: RequestBody[] = [];
      provider.setFaults(({ body }) => {
        if (body) seen.push(body);
        return undefined;
      });
      return seen;
    },
  };
}
