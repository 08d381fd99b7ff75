import { sumOf } from '../core/figures.ts';
import type { PhaseName, PlannedPhase, Spender } from '../core/phases.ts';
import { addSpent, NOTHING_SPENT, type Spent } from '../core/spent.ts';
import type { Hold, PhaseNews, PhaseStatus, RoundFigures } from '../core/status.ts';
import type { PauseState } from './messages.ts';

/** Of a phase that nothing holds up. */
const OVER = { waitsFor: undefined, trouble: undefined, warning: undefined, hold: undefined };

export interface Phases {
  status(): PhaseStatus[];
  /** Runs a phase, once the round is not paused; the work may write its progress into `phase`. */
  run<T>(name: PhaseName, work: (phase: PhaseStatus) => Promise<T>): Promise<T>;
  /** Takes in what the workflow of a phase tells. */
  tell(news: PhaseNews): void;
  /** What the phases have come to, all together. */
  figures(): RoundFigures;
  /** Why one of those under way is held, if any is. */
  hold(): Hold | undefined;
  /** Whether a phase is held is not known any more, until it tells. */
  letGo(name: PhaseName): void;
  /** What each of those that have spent something has. */
  spent(): [Spender, Spent][];
  /** Keeps what a phase has come to, in the place of what it told before. */
  record(name: PhaseName, figures: Partial<RoundFigures>): void;
  /** Adds what a model has cost while it stood. */
  addHosting(spent: Spent): void;
  /** After a pause: rates are measured anew. */
  resumed(): void;
  /** Leaves a phase out. */
  skip(name: PhaseName, reason: string): void;
  /** Wall-clock seconds of the phases that have ended; phases may overlap. */
  seconds(): Partial<Record<PhaseName, number>>;
}

/**
 * Keeps what the `status` query and the report say of a round's phases.
 * @param planned the phases that the round may have
 * @param totals of those phases whose amount is known from the start
 * @param changed called after each change
 * @param mayBegin what else a phase waits for
 */
export function trackPhases(
  pause: PauseState,
  planned: readonly PlannedPhase[],
  totals: Partial<Record<PhaseName, number>>,
  changed: () => void,
  mayBegin: (name: PhaseName) => Promise<void> | undefined,
): Phases {
  const all = new Map(
    planned.map(({ name, unit }): [PhaseName, PhaseStatus] => [
      name,
      { name, state: 'waiting', done: 0, total: totals[name] ?? 0, unit },
    ]),
  );
  const figures = new Map<Spender, Partial<RoundFigures>>();
  const measure = (phase: PhaseStatus) => {
    phase.paced = { at: Date.now(), done: phase.done };
  };
  return {
    status: () => [...all.values()],
    async run(name, work) {
      await pause.whilePaused();
      const wait = mayBegin(name);
      if (wait) await wait.then(pause.whilePaused);
      const phase = all.get(name)!;
      phase.state = 'running';
      phase.startedAt = Date.now();
      measure(phase);
      changed();
      const result = await work(phase);
      phase.state = 'done';
      phase.done = phase.total;
      Object.assign(phase, OVER, { workflowId: undefined, paced: undefined });
      phase.endedAt = Date.now();
      changed();
      return result;
    },
    tell: ({ name, figures: told, ...news }) => {
      const phase = all.get(name)!;
      if (told) figures.set(name, told);
      // News may come after the end of whose they are.
      // What they do not tell of is over: undefined values do not travel.
      if (phase.state === 'running') Object.assign(phase, OVER, news);
      changed();
    },
    figures: () => sumOf([...figures.values()]),
    hold: () => [...all.values()].find(({ state, hold }) => state === 'running' && hold)?.hold,
    letGo: (name) => {
      all.get(name)!.hold = undefined;
    },
    spent: () =>
      [...figures].flatMap(([name, { spent }]): [Spender, Spent][] =>
        spent ? [[name, spent]] : [],
      ),
    record: (name, of) => {
      figures.set(name, of);
    },
    addHosting: (spent) => {
      const before = figures.get('hosting')?.spent ?? NOTHING_SPENT;
      figures.set('hosting', { spent: addSpent(before, spent) });
      changed();
    },
    resumed: () => {
      for (const phase of all.values()) if (phase.state === 'running') measure(phase);
    },
    skip: (name, reason) => {
      Object.assign(all.get(name)!, { state: 'skipped', reason });
      changed();
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
