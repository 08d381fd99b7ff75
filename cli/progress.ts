import { MultiBar, Presets, type SingleBar } from 'cli-progress';
import pc from 'picocolors';
import type { RunHandle } from '../client/runHandle.ts';
import type { PhaseView, RunView } from '../client/runView.ts';
import type { Stuck } from '../client/stuck.ts';
import { roundText } from '../core/living/rounds.ts';
import type { PhaseName, PhaseState } from '../core/phases.ts';
import { duration, roughly } from '../core/report/format.ts';
import { waitingText } from '../core/report/progress.ts';
import type { PhaseStatus } from '../core/status.ts';
import { lasting, linesOf } from '../core/trouble.ts';

const NAME_WIDTH = 10;
/** Of `59 min 59 s`. */
const TIME_WIDTH = 11;

/** Shows a run's progress on standard error. */
export interface ProgressDisplay {
  /** @param forecast of the phases that have not begun */
  update(view: RunView, forecast?: Forecast): void;
  /** A line above the bars. */
  say(line: string): void;
  stop(): void;
}

/** How long phases will take, in seconds, as far as that is known before they begin. */
export type Forecast = Partial<Record<PhaseName, number>>;

/** Bars on a terminal, else a line whenever a phase has come further. */
export function createDisplay(): ProgressDisplay {
  return process.stderr.isTTY ? new Bars() : new Lines();
}

/**
 * Shows a run until it ends.
 * @param forecast of each round, as far as there is one
 * @throws RunFailed where it did not complete; TemporalAway, the signal's reason: the run goes on
 */
export async function follow(
  run: RunHandle,
  display: ProgressDisplay,
  signal: AbortSignal,
  forecast?: (round: number) => Forecast,
): Promise<void> {
  for await (const view of run.follow({ signal }))
    display.update(view, forecast?.(view.status?.round ?? 1));
  display.stop();
  await run.result({ signal });
}

/** Says what changed between two views, beside the phases: worker, pause, round. */
class Notices {
  #last?: string;

  of(view: RunView): string | undefined {
    const text = notice(view);
    if (text === this.#last) return undefined;
    this.#last = text;
    return text;
  }
}

function notice({ name, state, workerPolling, stuck, status }: RunView): string | undefined {
  if (state !== 'running') return undefined;
  if (!workerPolling)
    return 'no worker is polling the task queue: start one with "semievol worker" (or "semievol dev")';
  if (stuck) return stuckLine(stuck);
  if (status?.hold) return `paused: ${status.hold.why}`;
  if (status?.paused) return `paused; "semievol resume ${name}" lets it go on`;
  if (status?.waitsFor) return waitingText(status.waitsFor);
  return status && status.rounds !== 1 ? roundText(status.round, status.rounds) : undefined;
}

const time = ({ startedAt, endedAt = Date.now() }: PhaseStatus) =>
  startedAt === undefined ? '' : duration(Math.round((endedAt - startedAt) / 1000));

const amount = ({ state, done, total, unit }: PhaseStatus) => {
  if (state === 'skipped') return '';
  return total > 0 ? `${done}/${total} ${unit}` : done > 0 ? `${done} ${unit}` : '';
};

/** What is told of a workflow that gets no further. */
export function stuckLine({ workflowId, attempt, reason }: Stuck): string {
  return `workflow ${workflowId} fails again and again (attempt ${attempt}): ${reason}`;
}

/** How long a phase will still take, and what else is to be said of it. */
function remarks(phase: PhaseView, forecast?: Forecast) {
  const { name, secondsLeft, reason, note } = phase;
  const expected = hasNotMoved(phase) && name !== 'prepare' ? forecast?.[name] : undefined;
  const said = [
    secondsLeft === undefined ? undefined : `about ${roughly(secondsLeft)} left`,
    expected === undefined ? undefined : `about ${roughly(expected)}`,
    reason ?? note,
  ];
  return said.filter(Boolean).join(', ');
}

const hasNotMoved = ({ state, done, trouble }: PhaseView): boolean =>
  state === 'waiting' || (state === 'running' && done === 0 && trouble === undefined);

/** One line for one phase, as plain text. @param forecast of the phases that have not begun */
export function phaseLine(phase: PhaseView, forecast?: Forecast): string {
  const parts = [
    phase.name.padEnd(NAME_WIDTH),
    phase.state.padEnd(7),
    amount(phase),
    time(phase),
    remarks(phase, forecast),
  ];
  return parts.filter((part) => part.trim() !== '').join('  ');
}

/** Phases as they stand when their round has ended. */
const allEnded = (phases: readonly PhaseView[]): PhaseView[] =>
  phases.map((phase) =>
    phase.state === 'skipped'
      ? phase
      : {
          ...phase,
          ...{ state: 'done', done: phase.total, note: undefined, secondsLeft: undefined },
          endedAt: phase.endedAt ?? Date.now(),
        },
  );

/** The phases of a round. */
interface RoundPhases {
  round: number | undefined;
  phases: readonly PhaseView[];
}

/**
 * Keeps the phases of a run: a view of one that nobody can ask, that has ended, or that waits for its next
 * round, has none.
 */
class Phases {
  #last: RoundPhases = { round: undefined, phases: [] };

  of({ state, status, phases }: RunView): RoundPhases {
    if (phases.length > 0) this.#last = { round: status?.round, phases };
    else if (state === 'completed' || status?.waitsFor)
      this.#last = { ...this.#last, phases: allEnded(this.#last.phases) };
    return this.#last;
  }
}

const MARKS: Record<PhaseState, string> = {
  waiting: ' ',
  running: pc.cyan('▸'),
  done: pc.green('✔'),
  skipped: pc.dim('–'),
};

class Bars implements ProgressDisplay {
  readonly #multi = new MultiBar(
    {
      format: '{mark} {name} {bar} {amount} {time} {remarks}',
      hideCursor: true,
      clearOnComplete: false,
      forceRedraw: true,
      stopOnComplete: false,
      barsize: 14,
      gracefulExit: false,
      linewrap: false,
    },
    Presets.shades_classic,
  );
  readonly #bars = new Map<string, SingleBar>();
  readonly #notices = new Notices();
  readonly #phases = new Phases();
  #round?: number;

  update(view: RunView, forecast?: Forecast): void {
    const text = this.#notices.of(view);
    if (text) this.say(text);
    const { round, phases } = this.#phases.of(view);
    if (round !== this.#round) {
      this.#round = round;
      this.#bars.clear();
    }
    for (const phase of phases) this.#draw(phase, forecast);
  }

  #draw(phase: PhaseView, forecast?: Forecast): void {
    const full = phase.state === 'done';
    const total = phase.total || 1;
    const payload = {
      mark: MARKS[phase.state],
      name: phase.name.padEnd(NAME_WIDTH),
      amount: amount(phase).padEnd(21),
      time: time(phase).padStart(TIME_WIDTH),
      remarks: remarks(phase, forecast),
    };
    const bar = this.#bars.get(phase.name) ?? this.#multi.create(total, 0, payload);
    this.#bars.set(phase.name, bar);
    bar.setTotal(total);
    bar.update(full ? total : phase.total ? phase.done : 0, payload);
  }

  say(line: string): void {
    if (this.#bars.size > 0) this.#multi.log(`${line}\n`);
    else process.stderr.write(`${line}\n`);
  }

  stop(): void {
    if (this.#bars.size > 0) this.#multi.stop();
    this.#bars.clear();
  }
}

/** A line for a phase comes no sooner after another than this, and this part of the time so far. */
const APART = { ms: 5_000, part: 1 / 20 };

/** Changes as a phase comes further. */
const moved = ({ done, note, trouble }: PhaseView): string =>
  `${done} ${trouble === undefined ? note : ''}`;

/** Lines for where nothing can be drawn over, such as a log; their number grows little with time. */
export class Lines implements ProgressDisplay {
  readonly #notices = new Notices();
  readonly #phases = new Phases();
  readonly #shown = new Map<string, { key: string; moved: string; at: number }>();
  readonly #write: (line: string) => void;
  readonly #now: () => number;

  constructor(
    write = (line: string): void => void process.stderr.write(`${line}\n`),
    now = Date.now,
  ) {
    this.#write = write;
    this.#now = now;
  }

  update(view: RunView, forecast?: Forecast): void {
    const text = this.#notices.of(view);
    if (text) this.say(text);
    const { round, phases } = this.#phases.of(view);
    for (const phase of phases) {
      if (phase.state === 'waiting') continue;
      // How often an endpoint was tried meanwhile is no news.
      const troubles = linesOf(phase.trouble).map(lasting);
      const key = [round, phase.state, ...troubles].join();
      if (!this.#isNews(phase, key)) continue;
      this.#shown.set(phase.name, { key, moved: moved(phase), at: this.#now() });
      this.say(phaseLine(phase, forecast));
    }
  }

  /** Whether another thing is to be said of a phase, or it has come further since a while. */
  #isNews(phase: PhaseView, key: string): boolean {
    const last = this.#shown.get(phase.name);
    if (last?.key !== key) return true;
    const now = this.#now();
    const apart = Math.max(APART.ms, APART.part * (now - (phase.startedAt ?? now)));
    return moved(phase) !== last.moved && now - last.at >= apart;
  }

  say(line: string): void {
    this.#write(line);
  }

  stop(): void {}
}
