import { setTimeout as sleep } from 'node:timers/promises';
import { amountsOf } from '../../core/budget.ts';
import { NOTHING_SPENT } from '../../core/spent.ts';
import type { Account } from './books.ts';
import type { Scene } from './run.ts';
import { RUN } from './setting.ts';

/** A limit that was reached. */
export interface Reached {
  /** In tokens of any kind. */
  limit: number;
  /** What the run says that it has spent by then. */
  spent: number;
}

/** A run whose budget is raised each time that it holds. */
export interface Purse extends Scene {
  /** In tokens, the first of them in the spec. */
  limits: readonly number[];
  /** Whether the budget is once set below what is reserved for a job or a batch, which is then cancelled. */
  lowers: boolean;
  /** Takes in what was reached. */
  reached: Reached[];
  say(line: string): void;
}

const LOOK_MS = 200;

/** Limits that hold a run up twice, and one that does not, from what an undisturbed one has cost. */
export function limitsFor(whole: Account): number[] {
  const { tokens } = amountsOf({ ...NOTHING_SPENT, ...whole });
  return [0.3, 0.6, 10].map((share) => Math.round(share * tokens));
}

/** Raises the budget whenever it holds the run, to one limit after the other, until the run ends. */
export async function raiseWhenHeld(purse: Purse): Promise<void> {
  const { arena, limits, reached, say, signal } = purse;
  const run = arena.client.get(RUN);
  let lowers = purse.lowers;
  /** The limit that holds, but for the one that was lowered. */
  let [usual] = limits;
  while (!signal.aborted && (lowers || usual !== limits.at(-1))) {
    try {
      const { status } = await run.status();
      const [use] = status?.budget ?? [];
      const isUsual = use && limits.includes(use.limit);
      if (isUsual) usual = use.limit;
      if (use && status?.hold?.warning === 'BudgetReached') {
        const { limit, spent } = use;
        const next = isUsual ? limits[limits.indexOf(limit) + 1]! : usual!;
        if (isUsual && reached.at(-1)?.limit !== limit) reached.push({ limit, spent });
        await run.setBudget({ tokens: next });
        say(`the budget is reached: ${spent} of ${limit} tokens; raised to ${next}`);
      } else if (use && lowers && use.reserved > 0) {
        const lower = use.spent + 1;
        await run.setBudget({ tokens: lower });
        lowers = false;
        say(`${use.reserved} tokens are reserved, and the budget is set to ${lower}`);
      }
    } catch {
      // Its server, or all of its workers, are away: it is looked at again.
    }
    await sleep(LOOK_MS, undefined, { signal }).catch(() => {});
  }
}
