import type { PhaseStatus } from '../core/types.ts';
import type { PauseState } from './messages.ts';

export interface Phases {
  status(): PhaseStatus[];
  /** Runs a phase, once the round is not paused; the work may write its progress into `phase`. */
  run<T>(name: string, work: (phase: PhaseStatus) => Promise<T>): Promise<T>;
  /** Wall-clock seconds of the phases that have ended; phases may overlap. */
  seconds(): Record<string, number>;
}

/** Keeps what the `status` query and the report say of a round's phases. */
export function trackPhases(
  pause: PauseState,
  names: [name: string, total: number, unit: string][],
): Phases {
  const all = new Map(
    names.map(([name, total, unit]): [string, PhaseStatus] => [
      name,
      { name, state: 'waiting', done: 0, total, unit },
    ]),
  );
  return {
    status: () => [...all.values()],
    async run(name, work) {
      await pause.whilePaused();
      const phase = all.get(name)!;
      phase.state = 'running';
      phase.startedAt = Date.now();
      const result = await work(phase);
      phase.state = 'done';
      phase.done = phase.total;
      phase.workflowId = undefined;
      phase.endedAt = Date.now();
      return result;
    },
    seconds: () =>
      Object.fromEntries(
        [...all.values()].flatMap(({ name, startedAt, endedAt }) =>
          startedAt !== undefined && endedAt !== undefined
            ? [[name, (endedAt - startedAt) / 1000]]
            : [],
        ),
      ),
  };
}
