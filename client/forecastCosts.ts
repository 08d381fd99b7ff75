import type { Config } from '../config/config.ts';
import type { Asks, PlannedUse } from '../core/forecast/prospect.ts';
import type { Span } from '../core/forecast/span.ts';
import type { RunSpec } from '../core/spec.ts';
import { type Asked, mayGoByBatch, transportFor } from '../core/transport.ts';
import { type Bill, NO_USAGE, type Transport } from '../core/usage.ts';
import { billed, loadPrice, priceOf } from '../providers/pricing.ts';

/** A use with the way in which its requests are sent. */
export interface SentUse extends PlannedUse {
  transport: Transport;
}

/** What a spec calls that for which a transport is chosen. */
const ASKED: Record<Exclude<Asks, 'vectors'>, Asked> = {
  answers: 'collaborate',
  justifications: 'justify',
  comparisons: 'judge',
  grades: 'judge',
  checks: 'judge',
  tests: 'evaluate',
};

/** Which uses go by batch, as the spec says and, with `auto`, by how many requests there will likely be. */
export function sent(
  uses: readonly PlannedUse[],
  { transport: transports }: Pick<RunSpec, 'transport'>,
  { endpoints }: Pick<Config, 'endpoints'>,
): SentUse[] {
  if (!mayGoByBatch(transports)) return uses.map((use) => ({ ...use, transport: 'direct' }));
  const askedBy = ({ asks }: PlannedUse) => (asks && asks !== 'vectors' ? ASKED[asks] : undefined);
  const loadOf = (use: PlannedUse) =>
    uses
      .filter(
        (other) =>
          other.round === use.round &&
          other.phase === use.phase &&
          other.endpoint === use.endpoint &&
          askedBy(other) === askedBy(use),
      )
      .reduce((sum, { requests }) => sum + requests.likely, 0);
  return uses.map((use) => {
    const asked = askedBy(use);
    const { batches, prices = {} } = endpoints[use.endpoint] ?? {};
    if (!asked || !batches) return { ...use, transport: 'direct' };
    const { transport } = transportFor(asked, transports, {
      requests: loadOf(use),
      windowHours: batches.windowHours,
      price: loadPrice(priceOf(prices, use.model, use.model)),
    });
    return { ...use, transport };
  });
}

/** What uses cost, were all low, likely or high, and what of them has no price. */
export interface ForecastCost {
  /** US dollars; null where nothing has a price. */
  cost: Span | null;
  unpriced: Bill['unpriced'];
}

/**
 * A tuned model has the price of a pattern that begins as OpenAI's names of tuned models do, else that
 * of its base.
 */
export function costOf(
  uses: readonly SentUse[],
  { endpoints }: Pick<Config, 'endpoints'>,
): ForecastCost {
  const billOf = (of: keyof Span) =>
    billed(
      uses.map(({ phase, endpoint, model, transport, isTuned, ...use }) => ({
        ...NO_USAGE,
        ...{ phase, endpoint, transport, root: model },
        model: isTuned ? `ft:${model}:` : model,
        requests: use.requests[of],
        promptTokens: use.promptTokens[of],
        completionTokens: use.completionTokens[of],
        trainedTokens: use.trainedTokens[of],
      })),
      (name) => endpoints[name]?.prices ?? {},
    ).bill;
  const { cost, unpriced } = billOf('high');
  if (cost === null) return { cost, unpriced };
  const [low, likely] = [billOf('low'), billOf('likely')];
  return { cost: { low: low.cost ?? 0, likely: likely.cost ?? 0, high: cost }, unpriced };
}
