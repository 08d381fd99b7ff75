import { defineSearchAttributeKey } from '@temporalio/common';
import { ContinueAsNew, upsertSearchAttributes } from '@temporalio/workflow';
import {
  SEARCH_ATTRIBUTES,
  type SearchAttributeName,
  type SearchAttributeValues,
} from '../core/searchAttributes.ts';
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
