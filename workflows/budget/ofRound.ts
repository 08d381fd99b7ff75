import type { Workflow } from '@temporalio/common';
import {
  type ChildWorkflowHandle,
  condition,
  getExternalWorkflowHandle,
  setHandler,
} from '@temporalio/workflow';
import { type Budget, type BudgetUse, isReached, type Lack, Ledger } from '../../core/budget.ts';
import type { PhaseName, Spender } from '../../core/phases.ts';
import { NOTHING_SPENT, type Spent } from '../../core/spent.ts';
import type { Hold } from '../../core/status.ts';
import { holdOf } from './hold.ts';
import {
  allowed,
  budgetChanged,
  granted,
  type Reservation,
  reserve,
  revoked,
  tellerOf,
} from './messages.ts';
import type { CarriedBudget } from './ofBatches.ts';

/** What a round knows of the phases that spend. */
export interface Spenders {
  run: string;
  /** What each phase has spent so far. */
  spent(): Iterable<[Spender, Spent]>;
  /** Called when what a phase may spend is another: whether it holds it has to say again. */
  allowed(phase: PhaseName): void;
  /** Called after each change. */
  changed(): void;
}

/** The budget of a round, out of that of its run. */
export interface RoundBudget {
  /** Why something may not begin; undefined where nothing is held. */
  readonly hold: Hold | undefined;
  /** What is gone of each limit; undefined where there is no budget. */
  uses(): BudgetUse[] | undefined;
  /** Undefined at once where a phase may spend anything; else resolves when it may. */
  whileLacking(phase: PhaseName): Promise<void> | undefined;
  /** What a phase may come to. */
  allowanceOf(phase: PhaseName): CarriedBudget;
  /** A phase has ended: it has told of all that it spent. */
  ended(phase: PhaseName): void;
  /** The child at work on a phase, which is told whenever its allowance changes. */
  follow<T extends Workflow>(
    phase: PhaseName,
    starting: Promise<ChildWorkflowHandle<T>>,
  ): Promise<ChildWorkflowHandle<T>>;
  /** A fine-tune has ended: what it had reserved is told by its phase from now on. */
  release(workflowId: string, spent: Spent): void;
  /** Something was spent: what waits may begin or not, and allowances may be others. */
  review(): void;
}

/**
 * Keeps the spending of a round's phases within the budget. Call it before the first await.
 * @param before what the run has spent in the rounds before
 */
export function handleRoundBudget(
  given: Budget | undefined,
  before: Spent,
  { run, spent, allowed: onAllowed, changed }: Spenders,
): RoundBudget {
  let ledger = given && new Ledger(given, before);
  const waiting: Reservation[] = [];
  const gates = new Set<PhaseName>();
  const followed = new Map<PhaseName, Set<(allowance: BudgetUse[]) => void>>();
  const lastTold = new Map<PhaseName, string>();
  /** Children for which something was reserved. */
  const underWay = new Set<string>();
  /** Why work under way was cancelled: nothing is begun until the budget is another. */
  let halted: Lack | undefined;
  let hold: Hold | undefined;

  const current = () => {
    if (ledger) for (const [phase, amount] of spent()) ledger.set(phase, amount);
    return ledger;
  };
  const lacking = (): Lack | undefined => {
    if (halted) return halted;
    for (const phase of gates) {
      const lack = lackAt(phase);
      if (lack) return lack;
    }
    const [first] = waiting;
    return first && lackOf(first);
  };
  const lackAt = (phase: PhaseName): Lack | undefined => halted ?? current()?.lack(phase);
  const lackOf = ({ phase, wanted, key, isSpent }: Reservation): Lack | undefined => {
    if (isSpent) return undefined;
    if (halted) return halted;
    const ledger = current();
    return key === undefined ? ledger?.lack(phase, wanted) : ledger?.lackAhead(phase, key, wanted);
  };
  const grant = () => {
    for (const one of [...waiting]) {
      if (lackOf(one)) continue;
      waiting.splice(waiting.indexOf(one), 1);
      const { workflowId, phase, wanted, key, isSpent = false } = one;
      if (key === undefined) ledger?.reserve(workflowId, phase, wanted);
      else ledger?.payAhead(phase, key, wanted, isSpent);
      if (isSpent) continue;
      underWay.add(workflowId);
      // One that has ended needs no grant.
      getExternalWorkflowHandle(one.workflowId)
        .signal(granted, key)
        .catch(() => undefined);
    }
  };
  const tellAllowances = () => {
    for (const [phase, tellers] of followed) {
      const allowance = current()?.allowance(phase);
      const text = JSON.stringify(allowance);
      if (!allowance || text === lastTold.get(phase)) continue;
      lastTold.set(phase, text);
      for (const tell of tellers) tell(allowance);
      onAllowed(phase);
    }
  };
  /** Has whoever has begun something give it up. */
  const halt = (lack: Lack) => {
    halted = lack;
    // One that has ended has nothing to give up.
    for (const workflowId of underWay)
      getExternalWorkflowHandle(workflowId)
        .signal(revoked)
        .catch(() => undefined);
    underWay.clear();
  };
  const review = () => {
    grant();
    tellAllowances();
    const cancels = ledger?.budget.jobs === 'cancel' && !halted && underWay.size > 0;
    const overdrawn = cancels ? current()?.overdrawn() : undefined;
    const lack = overdrawn ?? lacking();
    // What is under way may leave enough once it has ended.
    if (cancels && lack && (overdrawn || isReached(lack))) halt(lack);
    const before = hold;
    hold = lack && holdOf(run, lack, before);
    if (hold?.why !== before?.why) changed();
  };
  setHandler(budgetChanged, (budget) => {
    ledger ??= new Ledger(budget, before);
    ledger.budget = budget;
    halted = undefined;
    review();
    changed();
  });
  setHandler(reserve, (reservation) => {
    const { workflowId, key } = reservation;
    // A job that was cancelled asks again: what it had is free until then.
    if (key === undefined) ledger?.release(workflowId, NOTHING_SPENT);
    waiting.push(reservation);
    review();
  });
  return {
    get hold() {
      return hold;
    },
    uses: () => current()?.uses(),
    whileLacking(phase) {
      if (!lackAt(phase)) return undefined;
      gates.add(phase);
      review();
      return condition(() => !lackAt(phase)).then(() => {
        gates.delete(phase);
        review();
      });
    },
    allowanceOf: (phase) => ({
      allowance: current()?.allowance(phase),
      ahead: current()?.ahead(phase),
    }),
    ended(phase) {
      ledger?.ended(phase);
      review();
    },
    async follow(phase, starting) {
      const tellers = followed.get(phase) ?? new Set();
      followed.set(phase, tellers);
      lastTold.set(phase, JSON.stringify(current()?.allowance(phase)));
      const child = await starting;
      tellerOf(child, allowed, tellers);
      tellAllowances();
      return child;
    },
    release(workflowId, spent) {
      underWay.delete(workflowId);
      ledger?.release(workflowId, spent);
      review();
    },
    review,
  };
}
