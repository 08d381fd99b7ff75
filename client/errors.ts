import { SemiEvolError } from '../core/errors.ts';
import { failureKind, type Outlook } from '../core/failures.ts';

/** There is no run, or no fine-tune, of this name. */
export class RunNotFound extends SemiEvolError {
  override readonly name = 'RunNotFound';
  override readonly isOfInput = true;
  readonly run: string;

  constructor(run: string) {
    super(`no run "${run}": "semievol status", or list() of the client, names those there are`);
    this.run = run;
  }
}

/** A name stands for one spec and one set of data; another was started under it. */
export class RunConflict extends SemiEvolError {
  override readonly name = 'RunConflict';
  override readonly isOfInput = true;
  readonly run: string;
  /** What is another. */
  readonly differs: 'spec' | 'data';

  constructor(run: string, differs: 'spec' | 'data') {
    const other =
      differs === 'spec' ? 'another spec than this one' : 'other data than the files hold now';
    super(`run "${run}" was started with ${other}: give this one another name`);
    this.run = run;
    this.differs = differs;
  }
}

/** A grid is at work with other cells, seeds or data than this one has. */
export class GridConflict extends SemiEvolError {
  override readonly name = 'GridConflict';
  override readonly isOfInput = true;
  readonly grid: string;

  constructor(grid: string) {
    super(
      `grid "${grid}" is at work with other cells, seeds or data: wait until it ends, or cancel it ("semievol reproduce FILE --cancel"); then this one keeps what has completed, and runs what is new`,
    );
    this.grid = grid;
  }
}

/** What has ended can be neither paused nor cancelled. */
export class RunNotRunning extends SemiEvolError {
  override readonly name = 'RunNotRunning';
  readonly run: string;

  constructor(run: string, state: string) {
    super(`run "${run}" is not running: ${ENDINGS[state] ?? `it is ${state}`}`);
    this.run = run;
  }
}

/** For errors about a store that does not hold what the workers have stored. */
export const OTHER_STORE = 'set store.uri in temporal.config.ts to the store of the workers';

/** What a run is told cannot be taken as it is. */
abstract class RefusedByRun extends SemiEvolError {
  override readonly isOfInput = true;
  readonly run: string;

  constructor(run: string, reason: string, options?: ErrorOptions) {
    super(`run "${run}": ${reason}`, options);
    this.run = run;
  }
}

/** A run does not take what it is told, and is as it was. */
export class UpdateRefused extends RefusedByRun {
  override readonly name = 'UpdateRefused';
}

/** What was said of examples, or who wants to say something, cannot be taken as it is; nothing is stored. */
export class ReviewRefused extends RefusedByRun {
  override readonly name = 'ReviewRefused';
}

const AGAIN = 'start it again to go on';

/** How a workflow ended, by its state, and what can be done then. */
const ENDINGS: Record<string, string> = {
  completed: 'it has completed, and stays as it is; for another run choose another name',
  failed: `it has failed; ${AGAIN}`,
  cancelled: `it was cancelled; ${AGAIN}`,
  terminated: `it was terminated; ${AGAIN}`,
  timed_out: `it has timed out; ${AGAIN}`,
};

/** How something ended that did not complete. */
export interface Failure {
  /** `failed`, `cancelled`, `terminated`, `timed_out`. */
  state: string;
  /** Of the failures that `FAILURES` lists, or one of a user's own. */
  type?: string;
  /** Outermost first, without Temporal's own layers. */
  messages: string[];
}

/**
 * A run, or a fine-tune, ended without completing.
 *
 * @example
 * try {
 *   await run.result();
 * } catch (error) {
 *   if (error instanceof RunFailed && error.type === 'NothingSelected') await retryWithMore();
 *   else throw error;
 * }
 */
export class RunFailed extends SemiEvolError implements Failure {
  override readonly name = 'RunFailed';
  override readonly isOfInput: boolean;
  readonly run: string;
  readonly state: string;
  readonly type?: string;
  readonly messages: string[];
  readonly outlook: Outlook;
  /** What helps against failures of this type; the messages have the particulars. */
  readonly remedy: string;

  constructor(run: string, { state, type, messages }: Failure, options?: ErrorOptions) {
    const kind = failureKind(type);
    const { outlook, remedy } = kind ?? { outlook: 'again', remedy: 'Start it again.' };
    const again =
      outlook === 'again' ? '\nstarted again, it goes on and reuses what is stored' : '';
    super(`${[`run "${run}" ${state}`, ...messages].join(': ')}${again}`, options);
    this.isOfInput = outlook === 'input';
    this.run = run;
    this.state = state;
    this.type = type;
    this.messages = messages;
    this.outlook = outlook;
    this.remedy = remedy;
  }
}

/** A run spec, or what else was given, cannot be used; a problem names the field and what is wrong. */
export class SpecError extends SemiEvolError {
  override readonly name = 'SpecError';
  override readonly isOfInput = true;
  readonly problems: string[];

  /** @param subject what cannot be used */
  constructor(problems: string[], subject = 'the run spec') {
    super(`${subject} cannot be used:\n${problems.map((problem) => `  ${problem}`).join('\n')}`);
    this.problems = problems;
  }
}

/** A run would fail: each problem says what is wrong, and what to do about it. */
export class CheckFailed extends SemiEvolError {
  override readonly name = 'CheckFailed';
  override readonly isOfInput = true;
  readonly problems: string[];

  constructor(problems: string[]) {
    super(problems.join('\n'));
    this.problems = problems;
  }
}

/** The configured store is not that of the workers. */
export class ReportsNotFound extends SemiEvolError {
  override readonly name = 'ReportsNotFound';
}

/** A model cannot be written into a folder; nothing of it was left there. */
export class ExportFailed extends SemiEvolError {
  override readonly name = 'ExportFailed';
  override readonly isOfInput: boolean;

  /** @param options.isOfInput whether another model, or another folder, has to be named */
  constructor(message: string, options: ErrorOptions & { isOfInput?: boolean } = {}) {
    super(message, options);
    this.isOfInput = options.isOfInput ?? false;
  }
}

/** Temporal has been away for too long; what runs goes on when it is back. */
export class TemporalAway extends SemiEvolError {
  override readonly name = 'TemporalAway';
}
