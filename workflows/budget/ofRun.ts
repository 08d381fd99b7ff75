import type { Workflow } from '@temporalio/common';
import { type ChildWorkflowHandle, setHandler } from '@temporalio/workflow';
import {
  BUDGET_UNITS,
  type Budget,
  type BudgetUse,
  Ledger,
  withLimits,
} from '../../core/budget.ts';
import { finalFailure } from '../../core/failures.ts';
import { amountText } from '../../core/report/budget.ts';
import type { Spent } from '../../core/spent.ts';
import { type BudgetChange, budgetChanged, changeBudget, tellerOf } from './messages.ts';

/** The budget of a run, on all its rounds. */
export interface RunBudget {
  readonly budget: Budget | undefined;
  /** What is gone of each limit, as the round under way has told it last. */
  uses(): BudgetUse[];
  /** Whether a round that tells this has the budget as it is now. */
  isKnownBy(told: readonly BudgetUse[] | undefined): boolean;
  /** The child, which is told whenever the budget changes. */
  follow<T extends Workflow>(
    starting: Promise<ChildWorkflowHandle<T>>,
  ): Promise<ChildWorkflowHandle<T>>;
}

/**
 * Takes changes of a run's budget. Call it before the first await.
 * @param spent in the rounds before
 * @param told what the round has told of its limits; undefined before it has
 * @param changed called after each change
 */
export function handleRunBudget(
  given: Budget | undefined,
  spent: Spent,
  told: () => BudgetUse[] | undefined,
  changed: () => void,
): RunBudget {
  let budget = given;
  const children = new Set<(budget: Budget) => void>();
  const uses = () => {
    if (!budget) return [];
    const known = told() ?? [];
    return new Ledger(budget, spent).uses().map((use) => {
      const now = known.find(({ scope, unit }) => scope === use.scope && unit === use.unit);
      return now ? { ...now, limit: use.limit } : use;
    });
  };
  setHandler(
    changeBudget,
    ({ scope, limits }) => {
      budget = withLimits(budget ?? {}, scope, limits);
      for (const tell of children) tell(budget);
      changed();
    },
    { validator: (change) => assertUsable(change, uses()) },
  );
  return {
    get budget() {
      return budget;
    },
    uses,
    isKnownBy: (told = []) =>
      uses().every(({ scope, unit, limit }) =>
        told.some((one) => one.scope === scope && one.unit === unit && one.limit === limit),
      ),
    async follow(starting) {
      const whenStarting = budget;
      const child = await starting;
      const tell = tellerOf(child, budgetChanged, children);
      if (budget && budget !== whenStarting) tell(budget);
      return child;
    },
  };
}

/** @throws ApplicationFailure `BudgetRefused`, which refuses the update */
function assertUsable({ scope, limits }: BudgetChange, uses: readonly BudgetUse[]): void {
  const given = BUDGET_UNITS.filter((unit) => limits[unit] !== undefined);
  if (given.length === 0) throw refused('it names no limit: give one, such as --usd 20');
  for (const unit of given) {
    const limit = limits[unit]!;
    if (!(limit > 0 && Number.isFinite(limit)))
      throw refused(`a limit has to be a number above 0, and ${unit} is ${limit}`);
    const use = uses.find((one) => one.scope === scope && one.unit === unit);
    if (use && limit < use.spent)
      throw refused(
        `${amountText(use.spent, unit)} are spent already, more than ${amountText(limit, unit)}: give more, or pause the run`,
      );
  }
}

const refused = (why: string) => finalFailure('BudgetRefused', `the budget stays as it is: ${why}`);
