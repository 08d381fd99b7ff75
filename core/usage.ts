/** How requests are sent: each by itself, or as rows of a batch, which cost less. */
export type Transport = 'direct' | 'batch';

/** Requests, tokens, and time for which a deployment stands. */
export interface Usage {
  requests: number;
  /** Those of the requests whose tokens the endpoint did not tell. */
  unmetered: number;
  promptTokens: number;
  /** Part of the prompt tokens. */
  cachedTokens: number;
  completionTokens: number;
  trainedTokens: number;
  /** Seconds for which a model was deployed, and billed for it. */
  deployedSeconds: number;
}

/** What was used of one model in one phase. */
export interface ModelUsage extends Usage {
  phase: string;
  endpoint: string;
  model: string;
  transport: Transport;
}

/** The same with what it cost. */
export interface BilledUsage extends ModelUsage {
  /** US dollars of all that has a price; null where nothing has. */
  cost: number | null;
}

/** What has a price of its own: kinds of tokens, and hours of a deployment. */
export type UnitKind = 'input' | 'output' | 'batch input' | 'batch output' | 'training' | 'hours';

/** What was spent, as far as the configuration tells. */
export interface Bill {
  /** US dollars of all that has a price; null where nothing has. */
  cost: number | null;
  /** What was used of models without a price for it; a tuned model stands under its base. */
  unpriced: { endpoint: string; model: string; tokens: UnitKind[] }[];
  /** The oldest day on which one of the prices was looked up, where any tells. */
  asOf?: string;
}

/** Nothing spent yet. */
export const NO_USAGE: Usage = {
  requests: 0,
  unmetered: 0,
  promptTokens: 0,
  cachedTokens: 0,
  completionTokens: 0,
  trainedTokens: 0,
  deployedSeconds: 0,
};

/** The sum of both; an amount that is left out is nothing. */
export function addUsage(a: Partial<Usage>, b: Partial<Usage>): Usage {
  const sum = { ...NO_USAGE };
  for (const kind of Object.keys(sum) as (keyof Usage)[])
    sum[kind] = (a[kind] ?? 0) + (b[kind] ?? 0);
  return sum;
}

/** What was used in a phase, or in all of them, whichever the models. */
export function usageOf(usage: readonly ModelUsage[], phase?: string): Usage {
  const parts = usage.filter((one) => phase === undefined || one.phase === phase);
  return parts.reduce<Usage>(addUsage, NO_USAGE);
}
