import type { Workflow } from '@temporalio/common';
import {
  type ChildWorkflowHandle,
  defineSignal,
  defineUpdate,
  type SignalDefinition,
} from '@temporalio/workflow';
import type { Budget, BudgetScope, BudgetUse, Limits } from '../../core/budget.ts';
import type { PhaseName } from '../../core/phases.ts';
import type { Spent } from '../../core/spent.ts';
import { oneByOne } from '../news.ts';

/** Limits of a scope that are to hold from now on; others stay. */
export interface BudgetChange {
  scope: BudgetScope;
  limits: Limits;
}

/** Sets limits of a run under way; what they held back goes on. */
export const changeBudget = defineUpdate<void, [BudgetChange]>('budget');
/** From a run to its round: the budget as it is now. */
export const budgetChanged = defineSignal<[Budget]>('budgetChanged');
/** From a round to the workflow of a phase that works in batches: what it may come to. */
export const allowed = defineSignal<[BudgetUse[]]>('allowed');
/** From a fine-tune to its round: what its job is going to cost. */
export const reserve = defineSignal<[Reservation]>('reserve');
/** From a round to a fine-tune: that is reserved. */
export const granted = defineSignal<[key?: string]>('granted');

/** From a round to whoever has something reserved: it is to be given up, and asked for again. */
export const revoked = defineSignal('revoked');

/** What a job or a batch is going to cost. */
export interface Reservation {
  workflowId: string;
  phase: PhaseName;
  wanted: Spent;
  /** Of answers that are paid for ahead of what tells of them; a job has none. */
  key?: string;
  /** Whether it is spent already: then it waits for nothing. */
  isSpent?: boolean;
}

/** What tells a child of a value, as long as it runs; it is among the `tellers`. */
export function tellerOf<T extends Workflow, V>(
  child: ChildWorkflowHandle<T>,
  signal: SignalDefinition<[V]>,
  tellers: Set<(value: V) => void>,
): (value: V) => void {
  const send = oneByOne<V>((value) => child.signal(signal, value));
  const tell = (value: V) => void send(value);
  tellers.add(tell);
  const over = () => tellers.delete(tell);
  child.result().then(over, over);
  return tell;
}
