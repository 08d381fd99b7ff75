import type { Bill, ModelUsage, TokenKind, Usage } from '../core/usage.ts';
import type { EndpointConfig } from './config.ts';

type Price = EndpointConfig['prices'][string];

const PER = 1_000_000;

/**
 * What tokens cost, in US dollars, as far as they have a price (null where none have), and which
 * have none. Cached prompt tokens are part of the prompt tokens.
 */
export function costOf(
  usage: Usage,
  { input, cachedInput = input, output, training }: Price,
): { cost: number | null; unpriced: TokenKind[] } {
  const { promptTokens, cachedTokens, completionTokens, trainedTokens } = usage;
  const parts: [TokenKind, tokens: number, price: number | undefined][] = [
    ['input', promptTokens - cachedTokens, input],
    ['input', cachedTokens, cachedInput],
    ['output', completionTokens, output],
    ['training', trainedTokens, training],
  ];
  const used = parts.filter(([, tokens]) => tokens > 0);
  const costs = used.flatMap(([, tokens, price]) => (price === undefined ? [] : tokens * price));
  const unpriced = used.flatMap(([kind, , price]) => (price === undefined ? kind : []));
  return {
    cost: costs.length > 0 ? costs.reduce((sum, cost) => sum + cost, 0) / PER : null,
    unpriced: [...new Set(unpriced)],
  };
}

/**
 * What all that was used costs.
 * @param usage of base models; a tuned one counts as its base
 * @param pricesOf the prices of an endpoint, by model
 */
export function billOf(
  usage: readonly ModelUsage[],
  pricesOf: (endpoint: string) => EndpointConfig['prices'],
): Bill {
  const bill: Bill = { cost: null, unpriced: [] };
  for (const one of usage) {
    const { endpoint, model } = one;
    const { cost, unpriced } = costOf(one, pricesOf(endpoint)[model] ?? {});
    if (cost !== null) bill.cost = (bill.cost ?? 0) + cost;
    const known = bill.unpriced.find((of) => of.endpoint === endpoint && of.model === model);
    if (known) known.tokens = [...new Set([...known.tokens, ...unpriced])];
    else if (unpriced.length > 0) bill.unpriced.push({ endpoint, model, tokens: unpriced });
  }
  return bill;
}
