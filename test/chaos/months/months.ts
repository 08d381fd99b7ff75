import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { writeTask } from '../../support/stack.ts';
import { fullAnswers, resentRequests, twins } from '../accounts.ts';
import { type Account, charged, discrepancies } from '../books.ts';
import { gateway } from '../places/gateway.ts';
import { prepare, type Setting, SHOWN } from '../setting.ts';
import { compare } from '../tables.ts';
import { type CalendarOptions, drawCalendar, FIRST, firstNext } from './calendar.ts';
import type { Deed } from './harm.ts';
import { type Execution, longest } from './histories.ts';
import { type Life, type LifeOptions, live } from './live.ts';
import { REVIEWERS, TAKEN } from './reviewers.ts';

export type MonthsOptions = Omit<Setting, 'sizes'> & CalendarOptions;

export interface MonthsResult {
  /** Whether it is what SemiEvol promises. */
  fine: boolean;
  /** Every final table is that of the undisturbed run. */
  identical: boolean;
  /** Rows of the undisturbed run that the disturbed one has not. */
  lost: number;
  /** Where the examples of a run are others than the rules of docs/data.md make of what came. */
  misplaced: string[];
  /** Where what a run says that it has paid for is not what the provider's records say. */
  unaccounted: string[];
  /** Questions and texts that the undisturbed run has sent twice in the same words. */
  askedTwice: number;
  /** Those that the disturbed run has sent again … */
  resentRequests: number;
  /** … and those whose answers were not in the store when something was killed. */
  inFlightAtKills: number;
  /** Jobs that ran beside another of their key. */
  duplicateJobs: number;
  /** What goes on, or stands, though a run has ended. */
  left: string[];
  /** Rounds that another build has done than the one that was current when they began. */
  byOldBuild: string[];
  /** The longest histories of both runs. */
  histories: { events: Execution; bytes: Execution };
  /** What `status` takes before the last round, in times of what it takes after the first. */
  statusRatio: { undisturbed: number; disturbed: number };
  rounds: number;
  segments: number;
  reviews: number;
  deploys: number;
  kills: number;
  serverRestarts: number;
  seed: number;
  seconds: number;
  details: {
    differences: string[];
    /** Examples that count in the last round. */
    examples: Record<string, number>;
    statusMs: Record<'undisturbed' | 'disturbed', Life['statusMs']>;
    executions: Record<'undisturbed' | 'disturbed', number>;
    requests: Record<'undisturbed' | 'disturbed', number>;
    paid: Account;
    /** What was charged for answers that were lost, and given again. */
    again: Account;
    secondsOf: Record<'undisturbed' | 'disturbed', number>;
    deeds: Deed[];
  };
}

/** No history is longer: Temporal suggests to end one at 4,096 events, or 4 MiB. */
export const BOUNDS = { events: 1_000, bytes: 256 * 1024 };
const RUN = 'months';

function isFine(result: Omit<MonthsResult, 'fine'>): boolean {
  const { identical, misplaced, unaccounted, left, byOldBuild, histories } = result;
  return (
    identical &&
    [misplaced, unaccounted, left, byOldBuild].every((found) => found.length === 0) &&
    result.askedTwice === 0 &&
    result.resentRequests <= result.inFlightAtKills &&
    result.duplicateJobs === 0 &&
    histories.events.events <= BOUNDS.events &&
    histories.bytes.bytes <= BOUNDS.bytes
  );
}

/**
 * Lets two runs live through the same two months, as drawn from a seed: one undisturbed, one with deploys,
 * kills and an endpoint that is away for a day. Compares what both leave behind.
 *
 * Time is compressed: a day is as short as what happens on it allows. Whoever lives it does one thing after
 * the other, and waits for what comes of it, so that a round works on the same data in both runs.
 * @throws when the signal aborts, or when something could not be done within minutes
 */
export async function months(options: MonthsOptions): Promise<MonthsResult> {
  const { folder, rounds, segments, seed, say, signal: given } = options;
  const begun = performance.now();
  await prepare(options);
  const calendar = drawCalendar(options);
  const written = await writeTask(folder, RUN, FIRST, {
    ...{ rounds, next: firstNext(rounds), pool: 'new-and-refused', earlier: 'keep' },
    batch: { size: 40, window: 2 },
    collaborators: COLLABORATORS,
    evaluation: { sft: 'equal-epochs', confidence: 0.8 },
    ...{ gate: {}, drift: {}, review: { size: REVIEWERS.length * TAKEN } },
  });
  const failed = new AbortController();
  const signal = AbortSignal.any([given, failed.signal]);
  const life = async (name: string, isHarmed: boolean): Promise<Life> => {
    const stage = join(folder, name);
    await mkdir(stage, { recursive: true });
    const arena: LifeOptions['arena'] = {
      ...{ place: gateway, quirks: [], faultRate: 0, folder: stage },
      ...{ seed, latencyMs: options.latencyMs, pollSeconds: options.pollSeconds },
    };
    const tell = (line: string) => say(`${name}: ${line}`);
    try {
      return await live({ arena, spec: written, calendar, seed, isHarmed, signal, say: tell });
    } catch (error) {
      failed.abort(error);
      throw error;
    }
  };
  const lives = await Promise.allSettled([life('undisturbed', false), life('disturbed', true)]);
  failed.signal.throwIfAborted();
  const [calm, wild] = lives.map((one) => (one as PromiseFulfilledResult<Life>).value) as [
    Life,
    Life,
  ];

  const { identical, lost, differences } = compare(calm.tables, wild.tables);
  const bills = {
    undisturbed: charged(recordsOf(calm)),
    disturbed: charged(recordsOf(wild), calm.journal),
  };
  const both = <T>(of: (life: Life) => T) => ({ undisturbed: of(calm), disturbed: of(wild) });
  const executions = [...calm.executions, ...wild.executions];
  const done = (harm: Deed['harm']) => wild.deeds.filter((deed) => deed.harm === harm).length;
  const result = {
    identical,
    lost,
    misplaced: [...calm.misplaced, ...wild.misplaced].slice(0, SHOWN),
    unaccounted: [
      ...discrepancies(calm.told, bills.undisturbed.once),
      ...discrepancies(wild.told, bills.disturbed.once),
    ],
    askedTwice: [...fullAnswers(calm.journal).values()].reduce((sum, times) => sum + times - 1, 0),
    resentRequests: resentRequests(calm.journal, wild.journal),
    inFlightAtKills: wild.deeds.reduce((sum, { unstored = 0 }) => sum + unstored, 0),
    duplicateJobs: twins(calm.jobs).duplicates + twins(wild.jobs).duplicates,
    left: [...calm.left, ...wild.left],
    byOldBuild: wild.byOldBuild,
    histories: { events: longest(executions, 'events'), bytes: longest(executions, 'bytes') },
    statusRatio: both(({ statusMs }) => statusMs.last / statusMs.first),
    ...{ rounds, segments, reviews: wild.reviews, seed },
    ...{ deploys: done('deploy'), kills: done('worker'), serverRestarts: done('server') },
    seconds: Math.round((performance.now() - begun) / 1_000),
    details: {
      differences: differences.slice(0, SHOWN),
      examples: calm.examples,
      statusMs: both(({ statusMs }) => statusMs),
      executions: both((life) => life.executions.length),
      requests: both(({ journal }) => journal.length),
      paid: calm.told,
      again: bills.disturbed.again,
      secondsOf: both(({ seconds }) => seconds),
      deeds: wild.deeds,
    },
  };
  return { fine: isFine(result), ...result };
}

/** Nothing is asked by batch. */
const recordsOf = ({ journal, jobs }: Life) => ({ journal, jobs, batches: [] });

/** One of them is the same model in all rounds, and sees no neighbours: its questions come again. */
const COLLABORATORS = [
  { name: 'lasting', model: 'smollm2-135m-instruct', shots: 0, temperature: 0 },
  { name: 'near', shots: 2 },
  { name: 'far', shots: 2, skip: 2 },
];
