import { passingFailure } from '../core/failures.ts';
import { UnreadableAnswer } from './errors.ts';
import { jobState } from './jobState.ts';
import type { Job, JobOrder, RemoteJobs } from './remoteJobs.ts';
import { isRefused } from './said.ts';

/**
 * Jobs at a provider that can list them, as far as no two wires differ in it: of one key there is
 * one, whatever fails on the way. A wire says how jobs are listed, made, found and cancelled.
 */
export abstract class ListedJobs<Request, Result, Listed extends { id: string }>
  implements RemoteJobs<Request, Result>
{
  /** The jobs of the order's key, whatever has become of them. */
  protected abstract listed(order: JobOrder<Request>): Promise<Listed[]>;
  /** Asks for a job, once: without a signal, since one in the making has to be seen to be cancelled. */
  protected abstract create(order: JobOrder<Request>): Promise<Listed>;
  /** @returns undefined where the provider itself says that there is no such job */
  protected abstract find(jobId: string, signal?: AbortSignal): Promise<Listed | undefined>;
  protected abstract sendCancel(jobId: string): Promise<unknown>;
  protected abstract describe(job: Listed, order: JobOrder<Request>): Job<Result>;
  /** The provider's word for its state. */
  protected abstract statusOf(job: Listed): string;
  /** When it was made, in any unit. */
  protected abstract createdAt(job: Listed): number;
  /** Whether one that succeeded has a result, or may still get one: its name may come a little later. */
  protected abstract hasResult(job: Listed): boolean | Promise<boolean>;
  /** What Temporal is to see for an error of the provider's client. */
  protected abstract failure(error: unknown, order?: JobOrder<Request>): Error;

  /** What there is to tell of a job that was found, where a look at it alone does not. */
  protected async look(
    job: Listed,
    order: JobOrder<Request>,
    _signal?: AbortSignal,
  ): Promise<Job<Result>> {
    return this.describe(job, order);
  }

  async poll(jobId: string, order: JobOrder<Request>, signal?: AbortSignal): Promise<Job<Result>> {
    return this.failing(async () => {
      const found = await this.find(jobId, signal);
      return found ? this.look(found, order, signal) : vanished(jobId);
    });
  }

  async adoptOrCreate(order: JobOrder<Request>): Promise<Job<Result>> {
    return this.failing(async () => {
      const known = await this.#keepOldest(order);
      if (known) return this.describe(known, order);
      const created = await this.create(order).catch(ifUnreadable);
      // An earlier attempt that was given up may still have been on its way: look once more.
      const job = (await this.#keepOldest(order)) ?? created;
      if (job instanceof UnreadableAnswer) throw job;
      return this.describe(job, order);
    }, order);
  }

  async isListed(jobId: string, order: JobOrder<Request>): Promise<boolean> {
    return this.failing(async () => (await this.listed(order)).some(({ id }) => id === jobId));
  }

  async cancel(order: JobOrder<Request>, jobId?: string): Promise<number> {
    return this.failing(async () => {
      const jobs = await this.listed(order);
      const isUnlisted = jobId !== undefined && !jobs.some(({ id }) => id === jobId);
      const unlisted = isUnlisted ? await this.find(jobId) : undefined;
      let cancelled = 0;
      for (const job of unlisted ? [unlisted, ...jobs] : jobs)
        if (await this.#cancelGoing(job)) cancelled++;
      return cancelled;
    });
  }

  protected async failing<T>(call: () => Promise<T>, order?: JobOrder<Request>): Promise<T> {
    try {
      return await call();
    } catch (error) {
      throw this.failure(error, order);
    }
  }

  /** The oldest usable job of a key; later ones that still go on are cancelled. */
  async #keepOldest(order: JobOrder<Request>): Promise<Listed | undefined> {
    const usable: Listed[] = [];
    for (const job of await this.listed(order)) if (await this.#isUsable(job)) usable.push(job);
    const [oldest, ...twins] = usable.sort(
      (a, b) => this.createdAt(a) - this.createdAt(b) || (a.id < b.id ? -1 : 1),
    );
    for (const twin of twins) await this.#cancelGoing(twin);
    return oldest;
  }

  async #isUsable(job: Listed): Promise<boolean> {
    const state = jobState(this.statusOf(job));
    return state === 'succeeded' ? this.hasResult(job) : isGoing(state);
  }

  /** @returns false for a job that has ended, also where it ended just before it was cancelled */
  async #cancelGoing(job: Listed): Promise<boolean> {
    if (!isGoing(jobState(this.statusOf(job)))) return false;
    try {
      await this.sendCancel(job.id);
      return true;
    } catch (error) {
      if (!isRefused(error, 400, 404, 409, 422)) throw error;
      const now = await this.find(job.id);
      if (!now || !isGoing(jobState(this.statusOf(now)))) return false;
      throw passingFailure(
        'NotCancelled',
        `${this.failure(error).message}: job ${job.id}, which is ${this.statusOf(now)}, is not cancelled yet`,
      );
    }
  }
}

/** What is to be said of a job that the provider does not know. */
const vanished = (id: string): Job<never> => ({
  id,
  state: 'vanished',
  detail: 'not known to the provider',
  isRecognisable: true,
});

const isGoing = (state: string) => state === 'pending' || state === 'running';

/** What cannot be read may be that it was done. */
function ifUnreadable(error: unknown): UnreadableAnswer {
  if (error instanceof UnreadableAnswer) return error;
  throw error;
}
