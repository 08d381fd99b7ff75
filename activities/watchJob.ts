import { setTimeout as sleep } from 'node:timers/promises';
import { activityInfo, log } from '@temporalio/activity';
import { type FailureType, finalFailure } from '../core/failures.ts';
import type { Progress } from '../core/status.ts';
import type { EndpointConfig } from '../providers/config.ts';
import type { Job, JobOrder, RemoteJobs } from '../providers/remoteJobs.ts';
import { tracked } from './progress.ts';

const MINUTE_MS = 60_000;
const UNRECOGNISABLE =
  'this provider keeps nothing by which a job can be found again: one whose creation is answered into the void may run beside another';

/** What a kind of job and its parts are called, for people. */
interface Words {
  job: string;
  result: string;
  /** What `step` counts. */
  unit: string;
}

/** What was last seen of a job, and since when it has been so. */
export interface LastSeen extends Pick<Job<unknown>, 'detail' | 'mark'> {
  /** Epoch milliseconds. */
  since: number;
}

/** A job to be watched. */
interface Watched<Request> {
  jobId: string;
  order: JobOrder<Request>;
  /** As it was seen when it was found to make no progress. */
  stalled?: LastSeen;
  words: Words;
}

/** Why the watch over a job came to an end. */
export type JobSighting<Result> =
  | { state: 'finished'; result: Result }
  | { state: 'stalled'; lastSeen: LastSeen }
  | { state: 'moving' };

/**
 * Watches a job, of whatever kind, until it ends, makes no progress for the endpoint's set time, or,
 * where it had `stalled`, moves on. What was last seen is heartbeated with the progress, so that the
 * next attempt goes on from there.
 * @throws ApplicationFailure, non-retryable, for a job that ended without a result
 */
export async function watchJob<Request, Result>(
  jobs: RemoteJobs<Request, Result>,
  { jobId, order, stalled, words }: Watched<Request>,
  { pollSeconds, stalledAfterMinutes, finalAfterSeconds }: EndpointConfig,
): Promise<JobSighting<Result>> {
  const heartbeat: (Progress & Partial<LastSeen>) | undefined = activityInfo().heartbeatDetails;
  let seen: Partial<LastSeen> = heartbeat ?? stalled ?? {};
  let isWarned = false;
  let last: Job<Result> | undefined;
  return tracked({ total: 0, unit: words.unit, note: 'queued', ...seen }, async (tracker) => {
    tracker.tell(() => newsOf(last));
    for (;;) {
      const job = await jobs.poll(jobId, order, tracker.signal);
      last = job;
      const moved = hasMoved(job, seen);
      if (stalled && moved) return { state: 'moving' };
      const { detail, mark = seen.mark } = job;
      const lastSeen = { detail, mark, since: moved ? Date.now() : seen.since! };
      seen = lastSeen;
      const elapsed = Date.now() - lastSeen.since;
      if (isCertain(job) || (elapsed >= finalAfterSeconds * 1000 && (await isConfirmed(job)))) {
        const result = resultOf(job, words);
        if (result) return { state: 'finished', result };
      }
      if (!job.isRecognisable && !isWarned) log.warn(UNRECOGNISABLE, { jobId });
      isWarned ||= !job.isRecognisable;
      const minutes = elapsed / MINUTE_MS;
      if (!stalled && minutes >= stalledAfterMinutes) return { state: 'stalled', lastSeen };
      const note = stalled
        ? `${detail}, no progress for ${Math.floor(minutes)} min`
        : (job.note ?? detail);
      tracker.set({
        ...lastSeen,
        done: job.step ?? 0,
        total: job.totalSteps ?? 0,
        note: isWarned ? `${note}; ${UNRECOGNISABLE}` : note,
      });
      await sleep(pollSeconds * 1000, undefined, { signal: tracker.signal });
    }
  });

  /** Where one look at a job is contradicted by the list of jobs, the list is right. */
  async function isConfirmed(job: Job<Result>): Promise<boolean> {
    return job.state !== 'vanished' || !(await jobs.isListed(jobId, order));
  }
}

/** A mark that cannot be seen for the moment says nothing. */
const hasMoved = (job: Job<unknown>, seen: Partial<LastSeen>) =>
  job.detail !== seen.detail || (job.mark !== undefined && job.mark !== seen.mark);

/** Changes with a job's status, and with each quarter of its steps. */
const newsOf = (job?: Job<unknown>): string =>
  job
    ? `${job.detail} ${job.totalSteps ? Math.floor((4 * (job.step ?? 0)) / job.totalSteps) : 0}`
    : '';

/** Whether one look suffices. A result's name may come late, and a job's whereabouts be forgotten. */
const isCertain = ({ state, result }: Job<unknown>) =>
  state !== 'vanished' && (state !== 'succeeded' || result !== undefined);

/** The result of a job that succeeded; undefined while it goes on. */
function resultOf<Result>(job: Job<Result>, words: Words): Result | undefined {
  const ended = (type: FailureType, message: string) =>
    finalFailure(type, `${words.job} ${job.id} ${message}`);
  switch (job.state) {
    case 'succeeded':
      if (job.result) return job.result;
      throw ended('JobWithoutResult', `succeeded but names no ${words.result}`);
    case 'failed':
      throw ended('JobFailed', `failed: ${job.message ?? 'the provider gives no reason'}`);
    case 'cancelled':
      throw ended(
        'JobCancelled',
        `was cancelled at the provider${job.message ? ` (${job.message})` : ''}; run again for a new job`,
      );
    case 'vanished':
      throw ended('JobVanished', 'is no longer known to the provider; run again for a new job');
    default:
      return undefined;
  }
}
