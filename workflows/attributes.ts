import { defineSearchAttributeKey } from '@temporalio/common';
import { ContinueAsNew, upsertSearchAttributes, workflowInfo } from '@temporalio/workflow';
import { isNear } from '../core/budget.ts';
import type { Plan } from '../core/plan.ts';
import {
  SEARCH_ATTRIBUTES,
  type SearchAttributeName,
  type SearchAttributeValues,
} from '../core/searchAttributes.ts';
import { isHeldUp, type RoundStatus, standingOf } from '../core/status.ts';
import { cancellationOf, isCancelled } from './cancellation.ts';

/** Sets search attributes: of those that the namespace has, what is other than before. */
export type SetAttributes = (values: SearchAttributeValues) => void;

export function attributesOf(known: readonly SearchAttributeName[] = []): SetAttributes {
  return (values) => {
    // One that continues as new has those of the execution before.
    const { typedSearchAttributes: now } = workflowInfo();
    const changed = known.filter(
      (name) => values[name] !== undefined && values[name] !== (now.get(keyOf(name)) ?? null),
    );
    if (changed.length === 0) return;
    upsertSearchAttributes(
      changed.map((name) => ({ key: keyOf(name), value: values[name] ?? null })) as Parameters<
        typeof upsertSearchAttributes
      >[0],
    );
  };
}

const keyOf = (name: SearchAttributeName) =>
  defineSearchAttributeKey<'KEYWORD' | 'INT'>(name, SEARCH_ATTRIBUTES[name]);

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
  // Between two phases of a round it is the one before.
  const phase = running[0]?.name ?? (waitsFor || phases.length === 0 ? null : undefined);
  const isPaused = pausedAt !== undefined || hold !== undefined;
  const warning = hold?.warning ?? running.find((phase) => phase.warning)?.warning;
  const less = isHeldUp({ trouble, phases })
    ? 'EndpointAway'
    : budget.some(isNear)
      ? 'BudgetNear'
      : null;
  return {
    SemiEvolTask: task,
    SemiEvolModel: model.name,
    SemiEvolPhase: phase,
    SemiEvolRound: round,
    SemiEvolState: standingOf({ isPaused, trouble, waitsFor, phases }),
    SemiEvolWarning: warning ?? less,
  };
}
