import { MultiBar, Presets, type SingleBar } from 'cli-progress';
import pc from 'picocolors';
import type { RunHandle } from '../client/runHandle.ts';
import type { PhaseView, RunView } from '../client/runView.ts';
import type { Stuck } from '../client/stuck.ts';
import type { PhaseState } from '../core/phases.ts';
import { duration } from '../core/report/format.ts';
import type { PhaseStatus } from '../core/status.ts';
import { lasting, linesOf } from '../core/trouble.ts';

const NAME_WIDTH = 10;
/** Of `59 min 59 s`. */
const TIME_WIDTH = 11;

/** Shows a run's progress on standard error. */
export interface ProgressDisplay {
  update(view: RunView): void;
  /** A line above the bars. */
  say(line: string): void;
  stop(): void;
}

/** Bars on a terminal, else a line whenever a phase has come further. */
export function createDisplay(): ProgressDisplay {
  return process.stderr.isTTY ? new Bars() : new Lines();
}

/**
 * Shows a run until it ends.
 * @throws RunFailed where it did not complete; TemporalAway, the signal's reason: the run goes on
 */
export async function follow(
  run: RunHandle,
  display: ProgressDisplay,
  signal: AbortSignal,
): Promise<void> {
  for await (const view of run.follow({ signal })) display.update(view);
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
  if (status?.paused) return `paused; "semievol resume ${name}" lets it go on`;
  return status && status.rounds > 1 ? `round ${status.round} of ${status.rounds}` : undefined;
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

/** One line for one phase, as plain text. */
export function phaseLine(phase: PhaseStatus): string {
  const parts = [
    phase.name.padEnd(NAME_WIDTH),
    phase.state.padEnd(7),
    amount(phase),
    time(phase),
    phase.reason ?? phase.note ?? '',
  ];
  return parts.filter((part) => part.trim() !== '').join('  ');
}

/** A phase as it stands when its run has completed. */
const ended = (phase: PhaseView): PhaseView =>
  phase.state === 'skipped' ? phase : { ...phase, state: 'done', note: undefined };

const MARKS: Record<PhaseState, string> = {
  waiting: ' ',
  running: pc.cyan('▸'),
  done: pc.green('✔'),
  skipped: pc.dim('–'),
};

class Bars implements ProgressDisplay {
  readonly #multi = new MultiBar(
    {
      format: '{mark} {name} {bar} {amount} {time} {note}',
      hideCursor: true,
      clearOnComplete: false,
      forceRedraw: true,
      stopOnComplete: false,
      barsize: 20,
      gracefulExit: false,
      linewrap: false,
    },
    Presets.shades_classic,
  );
  readonly #bars = new Map<string, SingleBar>();
  readonly #notices = new Notices();
  #round?: number;
  #phases: PhaseView[] = [];

  update(view: RunView): void {
    const text = this.#notices.of(view);
    if (text) this.say(text);
    const round = view.status?.round;
    if (round !== undefined && round !== this.#round) {
      this.#round = round;
      this.#bars.clear();
    }
    if (view.phases.length > 0) this.#phases = view.phases;
    if (view.state === 'completed') this.#phases = this.#phases.map(ended);
    for (const phase of this.#phases) this.#draw(phase);
  }

  #draw(phase: PhaseStatus): void {
    const full = phase.state === 'done';
    const total = phase.total || 1;
    const payload = {
      mark: MARKS[phase.state],
      name: phase.name.padEnd(NAME_WIDTH),
      amount: amount(phase).padEnd(21),
      time: time(phase).padStart(TIME_WIDTH),
      note: phase.reason ?? phase.note ?? '',
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

class Lines implements ProgressDisplay {
  readonly #notices = new Notices();
  readonly #shown = new Map<string, string>();

  update(view: RunView): void {
    const text = this.#notices.of(view);
    if (text) this.say(text);
    for (const phase of view.phases) {
      const quarter = phase.total > 0 ? Math.floor((4 * phase.done) / phase.total) : 0;
      // How often an endpoint was tried meanwhile is no news.
      const troubles = linesOf(phase.trouble).map(lasting);
      const step = [view.status?.round, phase.state, quarter, ...troubles];
      const key = step.join();
      if (phase.state === 'waiting' || this.#shown.get(phase.name) === key) continue;
      this.#shown.set(phase.name, key);
      this.say(phaseLine(phase));
    }
  }

  say(line: string): void {
    process.stderr.write(`${line}\n`);
  }

  stop(): void {}
}
