import type { Client } from '@temporalio/client';

/** An execution of a workflow, and how long its history is. */
export interface Execution {
  type: string;
  id: string;
  events: number;
  bytes: number;
}

/** All executions that there are of the namespace's workflows, ended or not. */
export async function executionsOf({ workflow }: Client): Promise<Execution[]> {
  const found: Execution[] = [];
  for await (const { type, workflowId: id, historyLength: events, historySize } of workflow.list())
    found.push({ type, id, events, bytes: historySize ?? 0 });
  return found;
}

/** The longest of some. */
export const longest = (all: readonly Execution[], by: 'events' | 'bytes'): Execution =>
  all.reduce((most, one) => (one[by] > most[by] ? one : most));
