import { PHASES, type PhaseName } from '../core/phases.ts';
import type { PhaseStatus } from '../core/types.ts';
import type { PauseState } from './messages.ts';

export interface Phases {
  status(): PhaseStatus[];
  /** Runs a phase, once the round is not paused; the work may write its progress into `phase`. */
  run<T>(name: PhaseName, work: (phase: PhaseStatus) => Promise<T>): Promise<T>;
  /** Leaves a phase out. */
  skip(name: PhaseName, reason: string): void;
  /** Wall-clock seconds of the phases that have ended; phases may overlap. */
  seconds(): Partial<Record<PhaseName, number>>;
}

/**
 * Keeps what the `status` query and the report say of a round's phases.
 * @param totals of those phases whose amount is known from the start
 */
export function trackPhases(pause: PauseState, totals: Partial<Record<PhaseName, number>>): Phases {
  const all = new Map(
    PHASES.map(({ name, unit }): [PhaseName, PhaseStatus] => [
      name,
      { name, state: 'waiting', done: 0, total: totals[name] ?? 0, unit },
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
    skip: (name, reason) => {
      Object.assign(all.get(name)!, { state: 'skipped', reason });
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
