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

/** What has a price of its own. */
export type UnitKind = 'input' | 'output' | 'batch input' | 'batch output' | 'training' | 'hours';

/** What was spent, as far as the configuration tells. */
export interface Bill {
  /** US dollars of all that has a price; null where nothing has. */
  cost: number | null;
  /** What was used of models without a price for it; a tuned model stands under its base. */
  unpriced: { endpoint: string; model: string; units: UnitKind[] }[];
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

export function addUsage(a: Usage, b: Partial<Usage>): Usage {
  return {
    requests: a.requests + (b.requests ?? 0),
    unmetered: a.unmetered + (b.unmetered ?? 0),
    promptTokens: a.promptTokens + (b.promptTokens ?? 0),
    cachedTokens: a.cachedTokens + (b.cachedTokens ?? 0),
    completionTokens: a.completionTokens + (b.completionTokens ?? 0),
    trainedTokens: a.trainedTokens + (b.trainedTokens ?? 0),
    deployedSeconds: a.deployedSeconds + (b.deployedSeconds ?? 0),
  };
}

/** What was used in a phase, or in all of them, whichever the models. */
export function usageOf(usage: readonly ModelUsage[], phase?: string): Usage {
  const parts = usage.filter((one) => phase === undefined || one.phase === phase);
  return parts.reduce<Usage>(addUsage, NO_USAGE);
}
