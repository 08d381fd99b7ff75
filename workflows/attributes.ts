import { defineSearchAttributeKey } from '@temporalio/common';
import { ContinueAsNew, upsertSearchAttributes } from '@temporalio/workflow';
import { isNear } from '../core/budget.ts';
import type { Plan } from '../core/plan.ts';
import {
  SEARCH_ATTRIBUTES,
  type SearchAttributeName,
  type SearchAttributeValues,
} from '../core/searchAttributes.ts';
import type { RoundStatus } from '../core/status.ts';
import { cancellationOf, isCancelled } from './cancellation.ts';

/** Sets search attributes: of those that the namespace has, what is other than before. */
export type SetAttributes = (values: SearchAttributeValues) => void;

export function attributesOf(known: readonly SearchAttributeName[] = []): SetAttributes {
  const last: Record<string, unknown> = {};
  return (values) => {
    const changed = known.filter(
      (name) => values[name] !== undefined && values[name] !== (last[name] ?? null),
    );
    if (changed.length === 0) return;
    Object.assign(last, values);
    upsertSearchAttributes(
      changed.map((name) => ({
        key: defineSearchAttributeKey<'KEYWORD' | 'INT'>(name, SEARCH_ATTRIBUTES[name]),
        value: values[name] ?? null,
      })) as Parameters<typeof upsertSearchAttributes>[0],
    );
  };
}

/** Does a workflow's work; its attributes say in the end how it ended. */
export async function untilEnded<T>(set: SetAttributes, work: () => Promise<T>): Promise<T> {
  const over = { SemiEvolPhase: null, SemiEvolWarning: null };
  try {
    const result = await work();
    set({ ...over, SemiEvolState: 'completed' });
    return result;
  } catch (error) {
    if (error instanceof ContinueAsNew) throw error;
    set({ ...over, SemiEvolState: isCancelled(error) ? 'cancelled' : 'failed' });
    throw cancellationOf(error);
  }
}

/** What can be searched for of a round, and of the run that it belongs to. */
export function attributesOfRound(
  { round, phases, pausedAt, hold, trouble, budget = [], waitsFor }: RoundStatus,
  { task, model }: Pick<Plan, 'task' | 'model'>,
): SearchAttributeValues {
  const running = phases.filter(({ state }) => state === 'running');
  const isHeldUp = trouble !== undefined || running.some((phase) => phase.trouble);
  const waits = waitsFor || (running.length > 0 && running.every((phase) => phase.waitsFor));
  const isPaused = pausedAt !== undefined || hold !== undefined;
  const warning = hold?.warning ?? running.find((phase) => phase.warning)?.warning;
  const less = isHeldUp ? 'EndpointAway' : budget.some(isNear) ? 'BudgetNear' : null;
  return {
    SemiEvolTask: task,
    SemiEvolModel: model.name,
    SemiEvolPhase: running[0]?.name,
    SemiEvolRound: round,
    SemiEvolState: isPaused ? 'paused' : isHeldUp || waits ? 'waiting' : 'running',
    SemiEvolWarning: warning ?? less,
  };
}
