import {
  condition,
  getExternalWorkflowHandle,
  setHandler,
  workflowInfo,
} from '@temporalio/workflow';
import type { PhaseName } from '../../core/phases.ts';
import type { Spent } from '../../core/spent.ts';
import { granted, type Reservation, reserve } from './messages.ts';

/** Has the round reserve what jobs and batches are going to cost. */
export interface JobBudget {
  /** Resolves once it is reserved. @param key of what is paid for ahead of the phase's telling */
  reserved(phase: PhaseName, wanted: Spent, key?: string): Promise<void>;
  /** What was reserved under the key has come to this. */
  settled(phase: PhaseName, spent: Spent, key: string): Promise<void>;
}

/** Call it before the first await, in a child of a round. */
export function handleJobBudget(): JobBudget {
  const grants = new Set<string | undefined>();
  setHandler(granted, (key) => {
    grants.add(key ?? undefined);
  });
  const tell = (reservation: Omit<Reservation, 'workflowId'>) => {
    const { parent, workflowId } = workflowInfo();
    const round = getExternalWorkflowHandle(parent!.workflowId);
    return round.signal(reserve, { workflowId, ...reservation });
  };
  return {
    async reserved(phase, wanted, key) {
      grants.delete(key);
      await tell({ phase, wanted, ...(key !== undefined && { key }) });
      await condition(() => grants.has(key));
    },
    settled: (phase, spent, key) => tell({ phase, wanted: spent, key, isSpent: true }),
  };
}
