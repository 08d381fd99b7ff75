import { addUsage, type Bill, type ModelUsage, NO_USAGE, type Usage, usageOf } from './usage.ts';

/** What was spent: what was used, and what of it costs how much as far as there are prices. */
export interface Spent extends Usage {
  /** US dollars of all that has a price; null where nothing has. */
  cost: number | null;
  /** Whether some of it has no price. */
  isPartial: boolean;
}

export const NOTHING_SPENT: Spent = { ...NO_USAGE, cost: null, isPartial: false };

export function addSpent(a: Spent, b: Spent): Spent {
  return {
    ...addUsage(a, b),
    cost: a.cost === null || b.cost === null ? (a.cost ?? b.cost) : a.cost + b.cost,
    isPartial: a.isPartial || b.isPartial,
  };
}

/** What something has cost, from its usage and the bill for it. */
export function spentIn({ usage, bill }: { usage: ModelUsage[]; bill: Bill }): Spent {
  return { ...usageOf(usage), cost: bill.cost, isPartial: bill.unpriced.length > 0 };
}
