import type { Load } from '../core/transport.ts';
import {
  type Bill,
  type BilledUsage,
  type ModelUsage,
  NO_USAGE,
  type Transport,
  type UnitKind,
  type Usage,
} from '../core/usage.ts';
import type { Price, Prices } from './prices.ts';

const TOKENS = 1_000_000;
const HOUR_SECONDS = 3_600;

/** What was used of a model, with the one that it goes back to; of one that is not tuned itself. */
export interface RootedUsage extends ModelUsage {
  root: string;
}

/**
 * The price of a model: of its own entry, else of the longest that ends in `*` and fits its name,
 * else of the model it goes back to; undefined where there is none.
 */
export function priceOf(prices: Prices, model: string, root: string): Price | undefined {
  const own = prices[model];
  if (own || model === root) return own ?? byPattern(prices, model);
  return byPattern(prices, model) ?? prices[root] ?? byPattern(prices, root);
}

function byPattern(prices: Prices, model: string): Price | undefined {
  const fitting = Object.keys(prices).filter(
    (name) => name.endsWith('*') && model.startsWith(name.slice(0, -1)),
  );
  const longest = fitting.sort((a, b) => b.length - a.length)[0];
  return longest === undefined ? undefined : prices[longest];
}

/**
 * What was used costs, in US dollars, as far as it has a price (null where nothing has), and what of
 * it has none. Cached prompt tokens are part of the prompt tokens.
 */
export function costOf(
  usage: Usage & { transport: Transport },
  price: Price,
): { cost: number | null; unpriced: UnitKind[] } {
  const { promptTokens, cachedTokens, completionTokens, trainedTokens, deployedSeconds } = usage;
  const { input, cachedInput = input, output } = tokenPrices(price, usage.transport);
  const prefix = usage.transport === 'batch' ? 'batch ' : '';
  const parts: [UnitKind, amount: number, price: number | undefined][] = [
    [`${prefix}input`, (promptTokens - cachedTokens) / TOKENS, input],
    [`${prefix}input`, cachedTokens / TOKENS, cachedInput],
    [`${prefix}output`, completionTokens / TOKENS, output],
    ['training', trainedTokens / TOKENS, price.training],
    ['hours', deployedSeconds / HOUR_SECONDS, price.deployedHour],
  ];
  const used = parts.filter(([, amount]) => amount > 0);
  const costs = used.flatMap(([, amount, price]) => (price === undefined ? [] : amount * price));
  const unpriced = used.flatMap(([kind, , price]) => (price === undefined ? kind : []));
  return {
    cost: costs.length > 0 ? costs.reduce((sum, cost) => sum + cost, 0) : null,
    unpriced: [...new Set(unpriced)],
  };
}

/** Prices of tokens in requests that are sent so; a batch may cost a share of what others do. */
function tokenPrices(
  price: Price,
  transport: Transport,
): Pick<Price, 'input' | 'cachedInput' | 'output'> {
  const { batch } = price;
  if (transport === 'direct') return price;
  if (typeof batch !== 'number') return batch ?? {};
  const share = (of: number | undefined) => (of === undefined ? undefined : batch * of);
  return {
    input: share(price.input),
    cachedInput: share(price.cachedInput),
    output: share(price.output),
  };
}

/** What a million tokens of prompts and one of answers cost, in each way in which that is known. */
export function loadPrice(price: Price | undefined): Load['price'] {
  const usage = { ...NO_USAGE, promptTokens: TOKENS, completionTokens: TOKENS };
  const known = (['direct', 'batch'] satisfies Transport[]).flatMap((transport) => {
    const { cost, unpriced } = costOf({ ...usage, transport }, price ?? {});
    return cost === null || unpriced.length > 0 ? [] : [[transport, cost] as const];
  });
  return Object.fromEntries(known);
}

/**
 * What all that was used costs, each and together.
 * @param pricesOf the prices of an endpoint, by model
 */
export function billed(
  usage: readonly RootedUsage[],
  pricesOf: (endpoint: string) => Prices,
): { usage: BilledUsage[]; bill: Bill } {
  const bill: Bill = { cost: null, unpriced: [] };
  const lines = usage.map(({ root, ...one }): BilledUsage => {
    const { endpoint, model } = one;
    const price = priceOf(pricesOf(endpoint), model, root) ?? {};
    const { cost, unpriced } = costOf(one, price);
    const { asOf } = price;
    if (cost !== null && asOf !== undefined && !(bill.asOf! <= asOf)) bill.asOf = asOf;
    if (cost !== null) bill.cost = (bill.cost ?? 0) + cost;
    const known = bill.unpriced.find((of) => of.endpoint === endpoint && of.model === root);
    if (known) known.tokens = [...new Set([...known.tokens, ...unpriced])];
    else if (unpriced.length > 0) bill.unpriced.push({ endpoint, model: root, tokens: unpriced });
    return { ...one, cost };
  });
  return { usage: lines, bill };
}
