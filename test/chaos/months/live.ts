import type { RunSpec } from '../../../core/spec.ts';
import { openStore, type Store } from '../../../store/store.ts';
import type { Scripted } from '../../../testing/book.ts';
import type { Job } from '../../../testing/jobs.ts';
import type { JournalEntry } from '../../../testing/requests.ts';
import { Shelf } from '../../../testing/shelf.ts';
import { Arena, type ArenaOptions } from '../arena.ts';
import { type Account, told } from '../books.ts';
import { leftRunning } from '../left.ts';
import type { Tables } from '../tables.ts';
import { beginLedger, type Delivery, enter, type Harm, type Turn } from './calendar.ts';
import { type Deed, Harming } from './harm.ts';
import { type Execution, executionsOf } from './histories.ts';
import { insist } from './insist.ts';
import type { Ledger } from './ledger.ts';
import { Operator } from './operator.ts';
import type { Said } from './reviewers.ts';
import { livingTables, rowsAgainst } from './traces.ts';

/** What a run leaves behind that has lived through a calendar. */
export interface Life {
  tables: Tables;
  /** Rows of which the ledger says otherwise than the store. */
  misplaced: string[];
  journal: JournalEntry[];
  jobs: Job[];
  told: Account;
  left: string[];
  executions: Execution[];
  /** Milliseconds that `status` took at the least, after the first round and before the last. */
  statusMs: { first: number; last: number };
  deeds: Deed[];
  /** Rounds that another build has done than the one that was current when they began. */
  byOldBuild: string[];
  examples: Record<string, number>;
  reviews: number;
  seconds: number;
}

export interface LifeOptions {
  arena: Omit<ArenaOptions, 'build'>;
  spec: RunSpec;
  calendar: readonly Turn[];
  seed: number;
  /** Whether harm is done. */
  isHarmed: boolean;
  signal: AbortSignal;
  say(line: string): void;
}

/** Requests of a round within which harm falls. */
const STEPS = 80;

/** Lets a run live through a calendar, on a stack of its own. */
export async function live(options: LifeOptions): Promise<Life> {
  const { arena: stage, spec, isHarmed, signal } = options;
  const begun = performance.now();
  const arena = await Arena.open({ ...stage, ...(isHarmed && { build: 'b1' }) });
  let store: Store | undefined;
  try {
    store = await openStore(arena.config.store);
    const operator = new Operator(arena, spec, stage.folder, signal);
    const harming = new Harming({ ...options, arena, store });
    const life = new Living(options, { arena, operator, harming });
    const past = await life.pass();
    const reports = await operator.reports();
    const { state } = arena.stands[0]!;
    const jobs = new Shelf<Scripted<Job>>(state, 'jobs').values().map(({ item }) => item);
    const { dataset } = reports.at(-1)!;
    const left = await leftRunning(stage.place, { arena, folder: stage.folder, jobs, batches: [] });
    for await (const { scheduleId } of arena.client.temporal.schedule.list())
      left.push(`schedule ${scheduleId}`);
    for (const build of await harming.retire()) left.push(`workers of build ${build}`);
    const ledger = ledgerOf(past.events);
    return {
      tables: await livingTables(store, dataset, spec, reports, stage.folder),
      misplaced: await rowsAgainst(ledger, store.dataset(dataset)),
      journal: await arena.settledJournal(),
      jobs,
      told: told(reports, ['local']),
      left,
      executions: await executionsOf(arena.client.temporal),
      statusMs: past.statusMs,
      deeds: harming.deeds,
      byOldBuild: past.byOldBuild,
      examples: reports.at(-1)!.examples,
      reviews: past.events.filter((event) => 'judgement' in event).length,
      seconds: Math.round((performance.now() - begun) / 1_000),
    };
  } finally {
    store?.close();
    await arena.close();
  }
}

/** What has changed the data of a run, in order. */
type Event = Delivery | Said;

function ledgerOf(events: readonly Event[]): Ledger {
  const ledger = beginLedger();
  for (const event of events) {
    if (!('judgement' in event)) enter(ledger, event);
    else if (event.judgement.verdict === 'bad') ledger.withdraw(event.question);
    else if (event.judgement.verdict === 'answer')
      ledger.add('labelled', { question: event.question, answer: event.judgement.answer }, 0);
  }
  return ledger;
}

interface Cast {
  arena: Arena;
  operator: Operator;
  harming: Harming;
}

/** The turns of a calendar, one after the other. */
class Living {
  readonly #options: LifeOptions;
  readonly #cast: Cast;
  readonly #events: Event[] = [];
  readonly #byOldBuild: string[] = [];

  constructor(options: LifeOptions, cast: Cast) {
    this.#options = options;
    this.#cast = cast;
  }

  async pass() {
    const { calendar, say } = this.#options;
    const { operator } = this.#cast;
    const statusMs = { first: 0, last: 0 };
    const last = calendar.length;
    for (const turn of calendar) {
      if (turn.round === 2) statusMs.first = await this.#statusMs();
      if (turn.round === last) statusMs.last = await this.#statusMs();
      await this.#turn(turn, turn.round === last);
      say(`day ${turn.day}: round ${turn.round} of ${last}, begun by ${turn.begins}`);
    }
    await operator.stopCollecting();
    return { events: this.#events, statusMs, byOldBuild: this.#byOldBuild };
  }

  async #turn(turn: Turn, isLast: boolean): Promise<void> {
    const { operator, harming } = this.#cast;
    const { round } = turn;
    if (turn.isHeld) await operator.pause();
    await this.#harm(turn, 'waiting');
    if (turn.isReviewed) this.#events.push(...(await operator.review(this.#options.seed)));
    if (turn.word) await operator.say(turn.word, round - 1);
    await this.#harm(turn, 'arriving');
    for (const delivery of turn.before) await this.#deliver(delivery);
    const build = harming.build;
    if (turn.next) await operator.restart(turn.next);
    else if (turn.begins === 'start') await operator.start();
    else if (turn.isHeld) await operator.resume();
    if (turn.begins === 'hand') await operator.callNext(round);
    await operator.until(
      ({ roundWorkflowId, totals }) => roundWorkflowId !== undefined || totals.finished >= round,
    );
    const over = new AbortController();
    const harmed = this.#harmWithin(turn, over.signal);
    try {
      for (const delivery of turn.during) await this.#deliver(delivery);
      if (isLast) await operator.run.result({ signal: this.#options.signal });
      else await operator.untilWaiting(round);
    } finally {
      over.abort();
      await harmed;
    }
    if (!this.#options.isHarmed) return;
    const by = await this.#buildOf(round);
    if (by !== build) this.#byOldBuild.push(`round ${round} by ${by}, not by ${build}`);
    await harming.retire();
  }

  async #deliver(delivery: Delivery): Promise<void> {
    await this.#cast.operator.deliver(delivery);
    this.#events.push(delivery);
  }

  async #harm({ harm, round }: Turn, moment: Harm['moment']): Promise<void> {
    if (!this.#options.isHarmed) return;
    for (const one of harm)
      if (one.moment === moment) await this.#cast.harming.do(one, Math.max(1, round - 1));
  }

  /** Each when the round has come so far; at its end where it does not. */
  async #harmWithin({ harm, round }: Turn, over: AbortSignal): Promise<void> {
    if (!this.#options.isHarmed) return;
    const { arena, harming } = this.#cast;
    const before = arena.journal.read().length;
    for (const one of harm) {
      if (one.moment !== 'round') continue;
      const due = before + Math.ceil(one.luck * STEPS);
      await arena.journal.until((journal) => journal.length >= due, over).catch(() => undefined);
      await harming.do(one, round);
    }
  }

  /** The build that has done a round. */
  async #buildOf(round: number): Promise<string | undefined> {
    const { temporal } = this.#cast.arena.client;
    const handle = temporal.workflow.getHandle(`${this.#options.spec.name}/round-${round}`);
    const { raw } = await insist(() => handle.describe(), this.#options.signal);
    return raw.workflowExecutionInfo?.versioningInfo?.deploymentVersion?.buildId ?? undefined;
  }

  async #statusMs(): Promise<number> {
    const { operator } = this.#cast;
    const times: number[] = [];
    for (let time = 0; time < 20; time++) {
      const begun = performance.now();
      await operator.run.status();
      times.push(performance.now() - begun);
    }
    return Math.min(...times);
  }
}
