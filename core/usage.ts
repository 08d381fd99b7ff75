import type { ModelUsage, Usage } from './types.ts';

/** Nothing spent yet. */
export const noUsage: Usage = {
  requests: 0,
  unmetered: 0,
  promptTokens: 0,
  cachedTokens: 0,
  completionTokens: 0,
  trainedTokens: 0,
};

export function addUsage(a: Usage, b: Partial<Usage>): Usage {
  return {
    requests: a.requests + (b.requests ?? 0),
    unmetered: a.unmetered + (b.unmetered ?? 0),
    promptTokens: a.promptTokens + (b.promptTokens ?? 0),
    cachedTokens: a.cachedTokens + (b.cachedTokens ?? 0),
    completionTokens: a.completionTokens + (b.completionTokens ?? 0),
    trainedTokens: a.trainedTokens + (b.trainedTokens ?? 0),
  };
}

/** What was used in a phase, or in all of them, whichever the models. */
export function usageOf(usage: readonly Omit<ModelUsage, 'endpoint'>[], phase?: string): Usage {
  const parts = usage.filter((one) => phase === undefined || one.phase === phase);
  return parts.reduce<Usage>(addUsage, noUsage);
}
