import { createHash } from 'node:crypto';
import canonicalize from 'canonicalize';
import type { JobState } from './jobState.ts';

/** The longest name of a job: the shortest suffix that providers take (Together) has so many characters. */
const NAME = 40;

/**
 * A request for work at a provider, with the names that follow from it. Whatever a request holds is
 * in its key, so that no field can be forgotten there.
 */
export interface Keyed<Request> {
  /** All that is asked for, and for whom: plain JSON, whose order of fields means nothing. */
  request: Request;
  /** Names the work, not the attempt: two jobs of one key are never wanted. At most 512 characters. */
  key: string;
  /**
   * A name of no other key: for a suffix, a job id or a file. At most 40 characters, those of its
   * label and `-`, digits and `a` to `f`.
   */
  name: string;
}

/** A job as a provider is asked for it. */
export interface JobOrder<Request> extends Keyed<Request> {
  /**
   * The provider's id of the uploaded file that the request is about. The request holds the file's
   * content as a hash; under another id it is the same work.
   */
  fileId: string;
}

/** How it stands with a job, in the project's words. */
export interface Job<Result> {
  id: string;
  /**
   * `succeeded` where there is a result, be it of a part; `vanished` where the provider itself says
   * that it knows no such job.
   */
  state: JobState | 'vanished';
  /** The provider's own word for the state. */
  detail: string;
  /** What came of it, once succeeded; its whereabouts may come a little later than the success. */
  result?: Result;
  /** The provider's reason for a failure; it may still quote the file. */
  message?: string;
  /**
   * Whether what the provider tells of it shows whose it is. If not, a job whose creation was
   * answered into the void cannot be found again.
   */
  isRecognisable: boolean;
  /** Changes with every sign of progress within a state; undefined where none can be seen. */
  mark?: string;
  /** Of `totalSteps`, where the provider counts. */
  step?: number;
  totalSteps?: number;
  /** What is worth more than `detail` to somebody who watches, such as `loss 0.182`. */
  note?: string;
}

/**
 * Work that a provider does while we wait, for hours or days: asked for once, looked at again and
 * again, cancelled. Every method may be repeated, at any time and by any process, without a second
 * job: what has to be remembered is at the provider. Errors that pass are thrown as a
 * `passingFailure`, those that a repetition cannot mend as a `finalFailure`.
 */
export interface RemoteJobs<Request, Result> {
  /**
   * The job of this key: the one that is there, or a new one. Jobs that ended without a result are
   * not taken up again. Should two have come about, the oldest stays and the others are cancelled.
   */
  adoptOrCreate(order: JobOrder<Request>): Promise<Job<Result>>;
  /** The job as it is now. It has succeeded only once its result can be used. */
  poll(jobId: string, order: JobOrder<Request>, signal?: AbortSignal): Promise<Job<Result>>;
  /** Whether the job is among those of its key. */
  isListed(jobId: string, order: JobOrder<Request>): Promise<boolean>;
  /**
   * Cancels every job of this key that has not ended.
   * @param jobId of one that may not be recognised
   * @returns how many were cancelled
   */
  cancel(order: JobOrder<Request>, jobId?: string): Promise<number>;
}

/**
 * A request with its key and name: both end in a hash of the whole request, in its canonical form
 * (RFC 8785).
 * @param path what a reader looks for at the beginning of the key: run, round, role
 * @param label the beginning of the name
 * @throws Error where the request is no JSON: NaN, infinite, half a surrogate pair, or a circle
 */
export function keyed<Request extends object>(
  request: Request,
  { path, label }: { path: readonly (string | number)[]; label: string },
): Keyed<Request> {
  const hash = createHash('sha256').update(canonicalize(request)!).digest('hex');
  const ending = `-${hash.slice(0, 12)}`;
  return {
    request,
    key: [...path, hash.slice(0, 32)].join('/'),
    name: `${label.slice(0, NAME - ending.length)}${ending}`,
  };
}

/** Whether what a provider tells has the name in it, in whatever spelling: it ends in a hash. */
export const tells = (told: string, name: string): boolean => plain(told).includes(plain(name));

const plain = (text: string) => text.toLowerCase().replace(/[^a-z0-9]/g, '');
