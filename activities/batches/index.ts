import { join } from 'node:path';
import { activityInfo, log } from '@temporalio/activity';
import { ApplicationFailure } from '@temporalio/common';
import type { AnswerStage } from '../../core/answer.ts';
import { type FailureType, passingFailure } from '../../core/failures.ts';
import { BYTES_A_TOKEN, mostTokens } from '../../core/mostTokens.ts';
import type { Spent } from '../../core/spent.ts';
import { withFolder } from '../../data/scratch.ts';
import {
  type BatchConfig,
  type BatchEnd,
  BatchJobs,
  type BatchOrder,
  type BatchRequest,
} from '../../providers/batch/batchJobs.ts';
import { discard, download, uploadRequests } from '../../providers/batch/files.ts';
import { readRow } from '../../providers/batch/lines.ts';
import type { Endpoint } from '../../providers/endpoint.ts';
import { UnreadableAnswer } from '../../providers/errors.ts';
import { type Keyed, keyed } from '../../providers/remoteJobs.ts';
import { type Dependencies, openRound, type RoundRef } from '../dependencies.ts';
import { type Tracker, tracked } from '../progress.ts';
import { rootIn, Spending } from '../spending.ts';
import { type JobSighting, type LastSeen, watchJob } from '../watchJob.ts';
import { type AskingsInput, goThrough } from './askings.ts';
import { BatchAnswers, rowsOf } from './batchAnswers.ts';
import { type RequestFile, RequestFiles } from './requestFiles.ts';
import { type Routes, type RoutesInput, routesOf } from './routes.ts';

const WORDS = { job: 'batch', result: 'file of answers', unit: 'requests' };
/** A batch has its day: no progress within it is no news. */
const HOUR_MINUTES = 60;

export interface WriteBatchesInput extends AskingsInput {
  /** The how manieth time requests are sent about the range. */
  time: number;
  /** Stages of which no more requests go by batch. */
  without: AnswerStage[];
  /** Most requests of a file; as many as its endpoint takes when left out. */
  most?: number | undefined;
}

/** A file of requests that is at its provider. */
export interface UploadedRequests
  extends Pick<RequestFile, 'endpoint' | 'model' | 'sha256' | 'requests' | 'stages'> {
  fileId: string;
  time: number;
  /** What its answers are going to cost, at the most. */
  wanted: Spent;
}

/** A batch of a round as workflows ask for it. */
export interface BatchInput extends RoundRef {
  file: UploadedRequests;
}

export interface AwaitBatchInput extends BatchInput {
  batchId: string;
  /** Of one that makes no progress: it is waited for until it moves on. */
  stalled?: LastSeen;
}

export interface CancelBatchInput extends BatchInput {
  /** Of the one that was started, where it is known. */
  batchId?: string | undefined;
}

/** A batch that has ended. */
export interface EndedBatch {
  file: UploadedRequests;
  end: BatchEnd;
}

export interface CollectBatchesInput extends AskingsInput {
  ended: EndedBatch[];
  /** Whether what a batch refuses is sent by itself; of what was cancelled nothing is sent. */
  sendsRefused: boolean;
}

/** What batches have come to, in requests. */
export interface Collected {
  /** Answered by batch. */
  answered: number;
  /** Refused there, and sent by themselves. */
  refused: number;
}

export function createBatches(dependencies: Dependencies) {
  const { store, endpoints, shutdownGraceMs } = dependencies;
  const config = (name: string): { endpoint: Endpoint; batches: BatchConfig } => {
    const endpoint = endpoints.get(name);
    const { batches } = endpoint.config;
    if (batches) return { endpoint, batches };
    throw passingFailure(
      'NoEndpoint',
      `endpoint "${name}" declares no batches in this worker's temporal.config.ts, and a batch is under way there: give it batches again, and start the worker again`,
    );
  };
  const jobsOf = ({ file }: BatchInput): BatchJobs => {
    const { endpoint, batches } = config(file.endpoint);
    return new BatchJobs(endpoint, batches);
  };
  const requestOf = async (
    { run, round, dataset }: RoundRef,
    { endpoint: name, model, sha256 }: Pick<RequestFile, 'endpoint' | 'model' | 'sha256'>,
    time: number,
  ): Promise<Keyed<BatchRequest>> => {
    const { endpoint, batches } = config(name);
    const owner = { namespace: activityInfo().namespace, store: await store.identity() };
    const at = { baseURL: endpoint.config.baseURL, path: batches.path };
    const request = { ...owner, run, round, dataset, ...at, model, sha256, time };
    return keyed(request, { path: [run, round, 'batch'], label: `r${round}-batch` });
  };
  const orderOf = async ({ file, ...ref }: BatchInput): Promise<BatchOrder> => ({
    ...(await requestOf(ref, file, file.time)),
    fileId: file.fileId,
  });

  return {
    /** Decides which requests of a phase go by batch, and how many examples fill one. */
    async planBatches(input: RoutesInput): Promise<Routes> {
      return routesOf(dependencies, input);
    },

    /**
     * Writes the requests about a range that have no answer yet, and go by batch, into files, and
     * uploads these. What goes otherwise is sent on the way, since others may follow from it.
     * @returns the files; none where nothing is left to be sent by batch
     */
    async writeBatches(input: WriteBatchesInput): Promise<UploadedRequests[]> {
      const { time, without, most, ...askings } = input;
      const work = async (tracker: Tracker, folder: string) => {
        const uploaded: UploadedRequests[] = [];
        const files = new RequestFiles(dependencies, {
          ...{ folder, routes: input.routes, without, most },
          async done({ path, bytes, ...file }) {
            const { endpoint, batches } = config(file.endpoint);
            const { name } = await requestOf(input, file, time);
            const named = { path, bytes, sha256: file.sha256, name: `semievol-${name}.jsonl` };
            const fileId = await unlessRefused(endpoint, () =>
              uploadRequests(endpoint, batches, named, tracker.signal),
            );
            if (fileId === undefined) return;
            const wanted = await wantedBy(input, file, bytes);
            uploaded.push({ ...file, fileId, time, wanted });
          },
        });
        try {
          await goThrough(dependencies, askings, {
            ...{ tracker, carrier: files, verdictsInTurn: true },
          });
          await files.end();
          return uploaded;
        } finally {
          await files.close();
        }
      };
      return tracked(
        { total: 0, unit: 'examples', note: 'writing requests' },
        (tracker) => withFolder((folder) => work(tracker, folder)),
        shutdownGraceMs,
      );
    },

    /** Adopts the batch of a file, or creates it. @returns null where its provider refuses it */
    async startBatch(input: BatchInput): Promise<string | null> {
      const { endpoint } = config(input.file.endpoint);
      const start = async () => (await jobsOf(input).adoptOrCreate(await orderOf(input))).id;
      return tracked({ total: 1, unit: 'batches' }, async ({ signal }) => {
        const id = await unlessRefused(endpoint, start);
        if (id === undefined) await leaveNothing(input, signal);
        return id ?? null;
      });
    },

    /**
     * Waits for a batch, however long it takes, and says when it makes no progress or moves on again.
     * It has ended, too, where it has no answers, or is no longer known.
     */
    async awaitBatch(input: AwaitBatchInput): Promise<JobSighting<BatchEnd>> {
      const { batchId: jobId, stalled, ...batch } = input;
      const { endpoint, batches } = config(input.file.endpoint);
      const stalledAfterMinutes = Math.max(
        endpoint.config.stalledAfterMinutes,
        HOUR_MINUTES * batches.windowHours,
      );
      const order = await orderOf(batch);
      const watched = { jobId, order, stalled, words: WORDS };
      try {
        return await watchJob(jobsOf(batch), watched, { ...endpoint.config, stalledAfterMinutes });
      } catch (error) {
        if (!(error instanceof ApplicationFailure && isOver(error.type))) throw error;
        log.warn(error.message);
        return { state: 'finished', result: { status: 'gone', errors: [], isBusy: false } };
      }
    },

    /** Cancels the batches of a file that have not ended. */
    async cancelBatch({ batchId, ...batch }: CancelBatchInput): Promise<number> {
      return tracked({ total: 1, unit: 'batches' }, async () =>
        jobsOf(batch).cancel(await orderOf(batch), batchId),
      );
    },

    /**
     * Stores what batches have answered, by whichever file, under the keys under which it would be
     * stored had it been asked for by itself. What they refuse is sent by itself, row by row; what
     * they have not answered is left. Their files are then of no more use.
     */
    async collectBatches({
      ended,
      sendsRefused,
      ...input
    }: CollectBatchesInput): Promise<Collected & { spent: Spent }> {
      const work = async (tracker: Tracker, folder: string) => {
        const answers = new BatchAnswers(endpoints, sendsRefused);
        try {
          for (const [index, batch] of ended.entries())
            await takeIn(answers, batch, { tracker, path: join(folder, `${index}`) });
          const spent = await goThrough(dependencies, input, {
            ...{ tracker, carrier: answers, verdictsInTurn: false },
          });
          for (const batch of ended) await leaveNothing(batch, tracker.signal);
          return { answered: answers.answered, refused: answers.refused, spent };
        } finally {
          await answers.close();
        }
      };
      return tracked(
        { total: 0, unit: 'examples', note: 'storing answers' },
        (tracker) => withFolder((folder) => work(tracker, folder)),
        shutdownGraceMs,
      );
    },
  };

  /** What the answers to a file of requests are going to cost, by its length and theirs. */
  async function wantedBy(
    ref: RoundRef,
    { endpoint, model, requests }: Pick<RequestFile, 'endpoint' | 'model' | 'requests'>,
    bytes: number,
  ): Promise<Spent> {
    const context = await openRound(dependencies, ref);
    const { spec, task } = context;
    const spending = new Spending();
    spending.add(
      { endpoint, model, transport: 'batch' },
      {
        requests,
        promptTokens: Math.ceil(bytes / BYTES_A_TOKEN),
        completionTokens: requests * mostTokens(spec, task, spec.answer.form === 'reasoned'),
      },
    );
    return spending.spent(endpoints, rootIn(context));
  }

  /** Deletes the files of a batch at its provider. */
  async function leaveNothing(
    { file, end }: { file: UploadedRequests; end?: BatchEnd },
    signal: AbortSignal,
  ): Promise<void> {
    const { endpoint } = config(file.endpoint);
    const files = [file.fileId, end?.outputFileId, end?.errorFileId];
    const obstacle = await discard(
      endpoint,
      files.filter((id) => id !== undefined),
      signal,
    );
    if (obstacle) log.warn(`files of a batch stay at endpoint "${file.endpoint}": ${obstacle}`);
  }

  /** Takes in the rows of both files of a batch, and the lines for which its input was refused. */
  async function takeIn(
    answers: BatchAnswers,
    { file, end }: EndedBatch,
    { tracker, path }: { tracker: Tracker; path: string },
  ): Promise<void> {
    const { endpoint } = config(file.endpoint);
    const { outputFileId, errorFileId, errors } = end;
    for (const [kind, fileId] of Object.entries({ outputFileId, errorFileId })) {
      if (fileId === undefined) continue;
      const at = `${path}-${kind}`;
      if (await download(endpoint, fileId, at, tracker.signal)) {
        const unread = await answers.add(at);
        if (unread > 0) whereSpoilt(endpoint, fileId, unread);
      } else log.warn(`endpoint "${file.endpoint}" no longer has file ${fileId} of a batch`);
    }
    const wrong = new Set(errors.flatMap(({ line }) => line ?? []));
    if (errors.length > 0)
      log.warn(
        `a batch at "${file.endpoint}" was refused for its file: ${errors.map(({ code, line }) => (line === undefined ? code : `line ${line} ${code}`)).join(', ')}`,
      );
    if (wrong.size === 0) return;
    const at = `${path}-input`;
    if (!(await download(endpoint, file.fileId, at, tracker.signal))) return;
    let number = 0;
    for await (const { line } of rowsOf(at)) {
      const row = wrong.has(++number) ? readRow(line.toString()) : undefined;
      if (row) answers.refuse(row.id);
    }
  }
}

/** A batch that is over without anything to be had of it is no failure: its requests are sent again. */
const isOver = (type: string | null | undefined) =>
  type === 'JobVanished' || type === 'JobWithoutResult';

/** Whether a provider has had its time to do otherwise. */
const hasHadItsTime = ({ config }: Endpoint): boolean =>
  Date.now() - activityInfo().scheduledTimestampMs >= 1000 * config.finalAfterSeconds;

/**
 * What came of a file of answers has lines that are none: it is fetched again, since what they say has
 * been paid for, until it is plain that it always comes so.
 * @throws ApplicationFailure that is tried again
 */
function whereSpoilt(endpoint: Endpoint, fileId: string, unread: number): void {
  const what = `${unread} lines of file ${fileId} are no answers`;
  if (!hasHadItsTime(endpoint)) throw endpoint.failure(new UnreadableAnswer(what));
  log.warn(`endpoint "${endpoint.name}": ${what}: what they were to answer is sent again`);
}

/**
 * What a call comes to; undefined where the provider refuses it, and has had its time to do otherwise:
 * a file that was just uploaded may not be found for a while.
 */
async function unlessRefused<T>(
  endpoint: Endpoint,
  call: () => Promise<T>,
): Promise<T | undefined> {
  try {
    return await call();
  } catch (error) {
    if (!(error instanceof ApplicationFailure && error.nonRetryable)) throw error;
    const { message, type } = error;
    if (!hasHadItsTime(endpoint))
      throw passingFailure((type ?? 'BadRequest') as FailureType, message);
    log.warn(`${message}: what was to go by batch is sent otherwise`);
    return undefined;
  }
}
