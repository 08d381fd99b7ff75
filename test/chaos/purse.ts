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
export async function raiseWhenHeld({ arena, limits, reached, say, signal }: Purse): Promise<void> {
  const run = arena.client.get(RUN);
  while (!signal.aborted && reached.length < limits.length - 1) {
    try {
      const { status } = await run.status();
      const [use] = status?.budget ?? [];
      if (status?.hold?.warning === 'BudgetReached' && use) {
        const { limit, spent } = use;
        const next = limits[limits.indexOf(limit) + 1]!;
        await run.setBudget({ tokens: next });
        reached.push({ limit, spent });
        say(`the budget is reached: ${spent} of ${limit} tokens; raised to ${next}`);
      }
    } catch {
      // Its server, or all of its workers, are away: it is looked at again.
    }
    await sleep(LOOK_MS, undefined, { signal }).catch(() => {});
  }
}
