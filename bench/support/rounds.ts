import type { Client, WorkflowExecutionInfo } from '@temporalio/client';
import type { PhaseStatus, RoundStatus } from '../../core/types.ts';

/** Seconds by phase of a round; also of `ingest` before it and of what lies `between` the phases. */
export type PhaseSeconds = Record<string, number>;

/** The phases of each round among the executions of a server on which one run has ended. */
export async function roundsOf(
  client: Client,
  executions: WorkflowExecutionInfo[],
): Promise<PhaseSeconds[]> {
  const evolves = executions.filter(({ type }) => type === 'evolve');
  const rounds = executions.filter(({ type }) => type === 'round');
  return Promise.all(
    rounds.map(async (round, index) => {
      const handle = client.workflow.getHandle(round.workflowId);
      const { phases } = await handle.query<RoundStatus>('status');
      return phaseSeconds(evolves[index]!, round, phases);
    }),
  );
}

function phaseSeconds(
  evolve: WorkflowExecutionInfo,
  round: WorkflowExecutionInfo,
  phases: PhaseStatus[],
): PhaseSeconds {
  const [startedAt, endedAt] = [Number(evolve.startTime), Number(evolve.closeTime)];
  const seconds: PhaseSeconds = { ingest: (Number(round.startTime) - startedAt) / 1000 };
  let working = 0;
  let until = 0;
  for (const { name, startedAt = 0, endedAt = 0 } of phases) {
    seconds[name] = (endedAt - startedAt) / 1000;
    // Fine-tune and baseline overlap.
    working += Math.max(0, endedAt - Math.max(startedAt, until));
    until = Math.max(until, endedAt);
  }
  seconds.between = (endedAt - startedAt - working) / 1000 - seconds.ingest!;
  return seconds;
}
