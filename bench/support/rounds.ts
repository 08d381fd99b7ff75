import type { Client, WorkflowExecutionInfo } from '@temporalio/client';
import type { RoundStatus } from '../../core/status.ts';

export interface Phase {
  name: string;
  /** Epoch milliseconds. */
  from: number;
  to: number;
}

export interface RoundTimes {
  /** `ingest`, which is before the round, and the round's own, in the order of their beginnings. */
  phases: Phase[];
  /** Seconds by phase; `between` is what belongs to none. */
  seconds: Record<string, number>;
}

/** When the phases of each round were, among the executions of a server on which one run has ended. */
export async function roundsOf(
  client: Client,
  executions: WorkflowExecutionInfo[],
): Promise<RoundTimes[]> {
  const evolves = executions.filter(({ type }) => type === 'evolve');
  const rounds = executions.filter(({ type }) => type === 'round');
  return Promise.all(
    rounds.map(async (round, index) => {
      const evolve = evolves[index]!;
      const handle = client.workflow.getHandle(round.workflowId);
      const status = await handle.query<RoundStatus>('status');
      const phases = [
        { name: 'ingest', from: Number(evolve.startTime), to: Number(round.startTime) },
        ...status.phases.map(({ name, startedAt = 0, endedAt = 0 }) => ({
          name,
          from: startedAt,
          to: endedAt,
        })),
      ];
      const all = Number(evolve.closeTime) - Number(evolve.startTime);
      return { phases, seconds: secondsOf(phases, all) };
    }),
  );
}

function secondsOf(phases: Phase[], all: number): Record<string, number> {
  const seconds: Record<string, number> = {};
  let within = 0;
  let until = 0;
  for (const { name, from, to } of phases) {
    seconds[name] = (to - from) / 1000;
    // Fine-tune and baseline overlap.
    within += Math.max(0, to - Math.max(from, until));
    until = Math.max(until, to);
  }
  return { ...seconds, between: (all - within) / 1000 };
}
