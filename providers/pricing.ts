import type { Usage } from '../core/types.ts';
import type { EndpointConfig } from './config.ts';

type Price = EndpointConfig['prices'][string];

const PER = 1_000_000;

/** What tokens cost, in US dollars. Cached prompt tokens are part of the prompt tokens. */
export function costOf(usage: Usage, price: Price): number {
  const { promptTokens, cachedTokens, completionTokens, trainedTokens } = usage;
  return (
    ((promptTokens - cachedTokens) * price.input +
      cachedTokens * price.cachedInput +
      completionTokens * price.output +
      trainedTokens * price.training) /
    PER
  );
}
