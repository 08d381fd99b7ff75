import {
  CancellationScope,
  condition,
  getExternalWorkflowHandle,
  setHandler,
  workflowInfo,
} from '@temporalio/workflow';
import type { PhaseName } from '../../core/phases.ts';
import type { Spent } from '../../core/spent.ts';
import { isCancelled } from '../cancellation.ts';
import { granted, type Reservation, reserve, revoked } from './messages.ts';

/** Has the round reserve what jobs and batches are going to cost. */
export interface JobBudget {
  /** Resolves once it is reserved. @param key of what is paid for ahead of the phase's telling */
  reserved(phase: PhaseName, wanted: Spent, key?: string): Promise<void>;
  /** What was reserved under the key has come to this. */
  settled(phase: PhaseName, spent: Spent, key: string): Promise<void>;
  /**
   * The result of work for which something is reserved; undefined where that was revoked, for which the
   * work was cancelled. @param work ends what it has begun where it is cancelled
   */
  whileGranted<T>(work: () => Promise<T>, key?: string): Promise<T | undefined>;
}

/** What the round has reserved. */
interface Grant {
  isRevoked: boolean;
  /** Of the work for which it is. */
  scope?: CancellationScope;
}

/** Call it before the first await, in a child of a round. */
export function handleJobBudget(): JobBudget {
  const grants = new Map<string | undefined, Grant>();
  setHandler(granted, (key) => {
    grants.set(key ?? undefined, { isRevoked: false });
  });
  setHandler(revoked, () => {
    for (const grant of grants.values()) {
      grant.isRevoked = true;
      grant.scope?.cancel();
    }
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
    settled(phase, spent, key) {
      grants.delete(key);
      return tell({ phase, wanted: spent, key, isSpent: true });
    },
    async whileGranted(work, key) {
      const grant = grants.get(key)!;
      if (grant.isRevoked) return undefined;
      grant.scope = new CancellationScope({ cancellable: true });
      try {
        return await grant.scope.run(work);
      } catch (error) {
        if (grant.isRevoked && isCancelled(error)) return undefined;
        throw error;
      }
    },
  };
}
