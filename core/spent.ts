import { type Bill, type ModelUsage, usageOf } from './usage.ts';

/** What was spent, in tokens and as far as they have a price. */
export interface Spent {
  promptTokens: number;
  /** Part of the prompt tokens. */
  cachedTokens: number;
  completionTokens: number;
  trainedTokens: number;
  /** US dollars of all that has a price; null where nothing has. */
  cost: number | null;
  /** Whether some tokens have no price. */
  isPartial: boolean;
}

export const NOTHING_SPENT: Spent = {
  promptTokens: 0,
  cachedTokens: 0,
  completionTokens: 0,
  trainedTokens: 0,
  cost: null,
  isPartial: false,
};

export function addSpent(a: Spent, b: Spent): Spent {
  return {
    promptTokens: a.promptTokens + b.promptTokens,
    cachedTokens: a.cachedTokens + b.cachedTokens,
    completionTokens: a.completionTokens + b.completionTokens,
    trainedTokens: a.trainedTokens + b.trainedTokens,
    cost: a.cost === null || b.cost === null ? (a.cost ?? b.cost) : a.cost + b.cost,
    isPartial: a.isPartial || b.isPartial,
  };
}

/** What something has cost, from its usage and the bill for it. */
export function spentIn({ usage, bill }: { usage: ModelUsage[]; bill: Bill }): Spent {
  const { promptTokens, cachedTokens, completionTokens, trainedTokens } = usageOf(usage);
  const tokens = { promptTokens, cachedTokens, completionTokens, trainedTokens };
  return { ...tokens, cost: bill.cost, isPartial: bill.unpriced.length > 0 };
}
