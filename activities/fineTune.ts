import { cancellationSignal } from '@temporalio/activity';
import { ApplicationFailure, CancelledFailure } from '@temporalio/common';
import { reworded } from '../core/failures.ts';
import { BYTES_A_TOKEN } from '../core/mostTokens.ts';
import { Redaction } from '../core/redaction.ts';
import type { Spent } from '../core/spent.ts';
import type { TrainingRows } from '../core/trainingRows.ts';
import { NO_USAGE } from '../core/usage.ts';
import type { Trainer, TrainingFile, TrainingOrder, TunedModel } from '../providers/trainer.ts';
import { trainingSpendKey } from '../store/run.ts';
import type { Dependencies } from './dependencies.ts';
import { type Elsewhere, elsewhere } from './elsewhere.ts';
import { tracked } from './progress.ts';
import { Spending } from './spending.ts';
import { textsOf, withTrainingFile } from './trainingFile.ts';
import { type ModelOrder, requestOf, trainingOrder, type UploadedOrder } from './trainingOrder.ts';
import { type JobSighting, type LastSeen, watchJob } from './watchJob.ts';

const WORDS = { job: 'fine-tuning job', result: 'model', unit: 'steps' };

export interface UploadInput {
  endpoint: string;
  order: ModelOrder;
}

export interface UploadedFile {
  fileId: string;
  sha256: string;
  /** Lines of the file. */
  count: number;
  /** What a job on it is going to cost, at the most. */
  wanted: Spent;
}

export interface JobInput {
  endpoint: string;
  order: UploadedOrder;
}

/** A job that runs, and the key it was made under: a later configuration gives another. */
export interface StartedJob {
  jobId: string;
  key: string;
}

export interface AwaitJobInput extends JobInput {
  jobId: string;
  /** Of a job that makes no progress: it is waited for until it moves on. */
  stalled?: LastSeen;
}

export interface CancelJobsInput extends JobInput {
  /** Of the job that was started, where it is known. */
  jobId?: string;
}

export interface RecordModelInput extends JobInput {
  started: StartedJob;
  tuned: TunedModel;
  /** Lines of the training file. */
  rows: number;
}

export function createFineTune(dependencies: Dependencies) {
  const { store, endpoints, trainers } = dependencies;
  const trainerOf = (endpoint: string): Trainer => trainers.of(endpoints.get(endpoint));
  const surroundingsAt = (endpoint: string) => ({
    store,
    config: trainers.makingOf(endpoints.get(endpoint).config),
  });
  const orderOf = ({ endpoint, order }: JobInput): Promise<TrainingOrder> =>
    trainingOrder(surroundingsAt(endpoint), order);

  return {
    /**
     * Writes the training file as a stream and uploads it, unless it is there already.
     * @returns where to ask instead, if the trainer works on another task queue than this worker's
     */
    async uploadTrainingFile({ endpoint, order }: UploadInput): Promise<UploadedFile | Elsewhere> {
      const { rows } = order;
      const other = elsewhere(endpoints.get(endpoint));
      if (other) return other;
      return tracked({ total: 0, unit: 'rows' }, (tracker) =>
        withTrainingFile(dependencies, rows, tracker, async (file, count) => {
          const { name } = await requestOf(surroundingsAt(endpoint), order, file.sha256);
          const upload = () =>
            trainerOf(endpoint).upload(file, `semievol-${name}.jsonl`, tracker.signal);
          const fileId = await unquoted(rows, upload);
          return {
            fileId,
            sha256: file.sha256,
            count,
            wanted: await wantedBy(endpoint, order, file),
          };
        }),
      );
    },

    /** Adopts the job of the order, or creates it. */
    async startJob(input: JobInput): Promise<StartedJob> {
      const start = async () => {
        const order = await orderOf(input);
        const { id } = await trainerOf(input.endpoint).adoptOrCreate(order);
        return { jobId: id, key: order.key };
      };
      return unquoted(input.order.rows, () => tracked({ total: 1, unit: 'jobs' }, start));
    },

    /**
     * Waits for a job, however long it takes, and says when it stalls or moves on again.
     * @throws ApplicationFailure, non-retryable, for a job that ended without a model
     */
    async awaitJob(input: AwaitJobInput): Promise<JobSighting<TunedModel>> {
      const { endpoint, jobId, stalled } = input;
      const { config } = endpoints.get(endpoint);
      const order = await orderOf(input);
      return unquoted(input.order.rows, () =>
        watchJob(trainerOf(endpoint), { jobId, order, stalled, words: WORDS }, config),
      );
    },

    /** Cancels the jobs of an order that have not ended. */
    async cancelJobs(input: CancelJobsInput): Promise<number> {
      const cancel = async () =>
        trainerOf(input.endpoint).cancel(await orderOf(input), input.jobId);
      return unquoted(input.order.rows, () => tracked({ total: 1, unit: 'jobs' }, cancel));
    },

    /**
     * Records a model's lineage, and what its training cost. One that a run of the same scope has
     * recorded was paid for there.
     */
    async recordModel(input: RecordModelInput): Promise<{ spent: Spent }> {
      const { endpoint, order, started, tuned, rows } = input;
      const { jobId, key } = started;
      const { lineage, model: base, sha256 } = order;
      const { trainedTokens } = tuned;
      return tracked({ total: 1, unit: 'models' }, async () => {
        // First: who finds the model is to find its rows, too.
        await store.models.addRows(tuned.model, order.rows);
        await store.models.add({
          ...lineage,
          ...{ name: tuned.model, endpoint, base, jobKey: key, jobId },
          ...{ trainingFileSha256: sha256, trainingRows: rows },
          createdAt: new Date().toISOString(),
        });
        const recorded = await store.models.byJobKey(key);
        const spending = new Spending();
        const unmetered = trainedTokens > 0 ? 0 : 1;
        const usage = { ...NO_USAGE, requests: 1, unmetered, trainedTokens };
        if (recorded && recorded.run !== lineage.run)
          return { spent: spending.spent(endpoints, ({ model }) => model) };
        const tables = await store.run(lineage.run, lineage.dataset);
        await tables.addSpend({
          key: trainingSpendKey(key),
          round: lineage.round,
          phase: lineage.role,
          ...{ endpoint, model: base, transport: 'direct' },
          usage,
        });
        const root = await store.models.rootOf({ endpoint, model: base });
        spending.add({ endpoint, model: base }, usage);
        return { spent: spending.spent(endpoints, () => root) };
      });
    },
  };

  /** What a job is going to cost, by the length of its file. */
  async function wantedBy(
    endpoint: string,
    { model, training }: ModelOrder,
    { bytes }: TrainingFile,
  ): Promise<Spent> {
    const root = await store.models.rootOf({ endpoint, model });
    const trainedTokens = Math.ceil(bytes / BYTES_A_TOKEN) * training.epochs;
    const spending = new Spending();
    spending.add({ endpoint, model }, { requests: 1, trainedTokens });
    return spending.spent(endpoints, () => root);
  }

  /**
   * What a provider says of a job may quote the training file; its texts stay out of histories, in
   * which errors that pass land, too.
   */
  async function unquoted<T>(rows: TrainingRows, work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      const isCancelled = error instanceof CancelledFailure || cancellationSignal().aborted;
      if (isCancelled || !(error instanceof Error)) throw error;
      const message = await tracked({ total: 0, unit: 'rows' }, async () => {
        const redaction = new Redaction(error.message);
        for await (const text of textsOf(dependencies, rows)) redaction.hide(text);
        return redaction.kept;
      }).catch((reason) => {
        if (!(reason instanceof ApplicationFailure)) throw reason; // as when it is cancelled
        return `what the provider says is left out, since it may quote what cannot be read any more: ${reason.message}`;
      });
      throw reworded(error, message);
    }
  }
}
