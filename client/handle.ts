import {
  type Client,
  type WorkflowExecutionDescription,
  WorkflowFailedError,
  type WorkflowHandle,
  WorkflowNotFoundError,
} from '@temporalio/client';
import type { Config } from '../config/config.ts';
import { RunFailed, RunNotFound, RunNotRunning } from './errors.ts';
import { failureOf } from './failure.ts';
import { isOutage, overOutages, pause } from './outage.ts';
import { type View, viewOfRunning } from './view.ts';

const LOOK_MS = 1_000;

/** Where work of a name stands: not known to Temporal, at work, or over. */
export type WorkState = 'none' | 'running' | 'completed' | 'ended-early';

/** What a handle works by. */
export interface Connected {
  temporal: Client;
  config: Config;
}

/** A wait that can be given up; the work itself goes on. */
export interface Waiting {
  signal?: AbortSignal;
}

/** How a kind of work is looked at. */
export interface Look<Result, Seen extends View> {
  /** @param view what is seen of any work */
  running(temporal: Client, view: View, of: WorkflowExecutionDescription): Promise<Seen>;
  /** @param result missing where it did not complete */
  ended(view: View, result?: Result): Seen;
}

/** One workflow of ours, whether it runs or is over. */
export abstract class Handle<Result, Seen extends View> {
  /** Its name is its workflow id. */
  readonly name: string;
  /** Where it stood before `start`, which began it where that is `none` or `ended-early`. */
  readonly before?: WorkState;
  protected readonly temporal: Client;
  protected readonly config: Config;
  protected readonly workflow: WorkflowHandle;
  readonly #type: string;
  readonly #look: Look<Result, Seen>;

  protected constructor(
    { temporal, config }: Connected,
    type: string,
    look: Look<Result, Seen>,
    name: string,
    before?: WorkState,
  ) {
    this.temporal = temporal;
    this.config = config;
    this.#type = type;
    this.#look = look;
    this.name = name;
    this.before = before;
    this.workflow = temporal.workflow.getHandle(name);
  }

  /** Looks at it once. @throws RunNotFound */
  async status(): Promise<Seen> {
    const description = await this.describe();
    const { workflowId: name, status } = description;
    if (status.name === 'RUNNING') {
      const view = await viewOfRunning(this.temporal, this.config.temporal.taskQueue, description);
      return this.#look.running(this.temporal, view, description);
    }
    const closed = { name, workerPolling: true };
    try {
      const result = (await this.workflow.result()) as Result;
      return this.#look.ended({ ...closed, state: 'completed' }, result);
    } catch (error) {
      if (!(error instanceof WorkflowFailedError)) throw error;
      const failure = failureOf(error);
      return this.#look.ended({ ...closed, state: failure.state, failure });
    }
  }

  /**
   * Looks at it about once a second until it has ended, over short outages of Temporal; the last
   * view is that of its end.
   *
   * @throws RunNotFound, TemporalAway, the signal's reason
   * @example
   * for await (const { state, status } of run.follow()) console.log(state, status?.round);
   */
  async *follow({ signal }: Waiting = {}): AsyncGenerator<Seen, void, undefined> {
    for (;;) {
      const view = await overOutages(() => this.#within(signal, () => this.status()), signal);
      yield view;
      if (view.state !== 'running') return;
      await pause(LOOK_MS, signal);
    }
  }

  /**
   * Waits for its end, over short outages of Temporal.
   * @throws RunFailed where it did not complete; RunNotFound, TemporalAway, the signal's reason
   */
  async result({ signal }: Waiting = {}): Promise<Result> {
    for (;;) {
      try {
        return await this.#within(signal, () => this.workflow.result() as Promise<Result>);
      } catch (error) {
        signal?.throwIfAborted();
        if (error instanceof WorkflowFailedError)
          throw new RunFailed(this.name, failureOf(error), { cause: error });
        if (error instanceof WorkflowNotFoundError) throw new RunNotFound(this.name);
        if (!isOutage(error)) throw error;
      }
      await overOutages(() => this.describe(), signal);
    }
  }

  /**
   * Asks it to end, with the fine-tuning jobs that it waits for; what is stored stays. `result`
   * tells when it has.
   * @throws RunNotFound, RunNotRunning
   */
  async cancel(): Promise<void> {
    await this.assertRunning();
    await this.workflow.cancel();
  }

  async #within<T>(signal: AbortSignal | undefined, ask: () => Promise<T>): Promise<T> {
    if (!signal) return ask();
    signal.throwIfAborted();
    // A connection that is still being made takes no signal.
    const aborted = Promise.withResolvers<never>();
    const abort = () => aborted.reject(signal.reason);
    signal.addEventListener('abort', abort, { once: true });
    try {
      return await Promise.race([this.temporal.withAbortSignal(signal, ask), aborted.promise]);
    } finally {
      signal.removeEventListener('abort', abort);
    }
  }

  /** @throws RunNotFound, RunNotRunning */
  protected async assertRunning(): Promise<void> {
    const { status } = await this.describe();
    if (status.name !== 'RUNNING') throw new RunNotRunning(this.name, status.name.toLowerCase());
  }

  /** @throws RunNotFound */
  protected async describe(): Promise<WorkflowExecutionDescription> {
    try {
      const description = await this.workflow.describe();
      if (description.type === this.#type) return description;
    } catch (error) {
      if (!(error instanceof WorkflowNotFoundError)) throw error;
    }
    throw new RunNotFound(this.name);
  }
}
