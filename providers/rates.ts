import type { Endpoint } from './endpoint.ts';
import { bodyOf } from './form.ts';

/** What an endpoint says that it takes in a minute. */
export interface EndpointRates {
  requests?: number;
  tokens?: number;
}

/**
 * What the headers of a small answer say of an endpoint's limits, in the words of OpenAI.
 * @throws the client's error
 */
export async function ratesOf(endpoint: Endpoint, model: string): Promise<EndpointRates> {
  const body = bodyOf(
    {
      model,
      messages: [{ role: 'user', content: 'Say yes.' }],
      sampling: { temperature: 0, maxTokens: 1 },
      seeds: [0],
    },
    endpoint.refused(model),
  );
  const { headers } = await endpoint.client.chat.completions.create(body).asResponse();
  const limit = (of: string) => {
    const value = Number(headers.get(`x-ratelimit-limit-${of}`) ?? Number.NaN);
    return value > 0 ? value : undefined;
  };
  const [requests, tokens] = [limit('requests'), limit('tokens')];
  return { ...(requests && { requests }), ...(tokens && { tokens }) };
}
