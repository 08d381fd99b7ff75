import { CancellationScope, setCurrentDetails, setHandler } from '@temporalio/workflow';
import type { JobInput, RecordModelInput } from '../activities/fineTune.ts';
import type { ModelOrder } from '../activities/trainingOrder.ts';
import type { LastSeen } from '../activities/watchJob.ts';
import { finalFailure } from '../core/failures.ts';
import type { PhaseName } from '../core/phases.ts';
import type { Setting } from '../core/plan.ts';
import { type JobStatus, jobProgress, waitsFor } from '../core/report/job.ts';
import { markdown } from '../core/report/markdown.ts';
import type { Spent } from '../core/spent.ts';
import type { Progress } from '../core/status.ts';
import { activitiesWith } from './activities.ts';
import { attributesOf, type SetAttributes, untilEnded } from './attributes.ts';
import { handleJobBudget, type JobBudget } from './budget/ofJobs.ts';
import { isCancelled } from './cancellation.ts';
import { progress } from './messages.ts';
import { handleSightings, phaseNews, toParent } from './news.ts';

/** One fine-tuning job to supervise. */
export interface FineTuneInput extends ModelOrder {
  /** Its name in the configuration. */
  endpoint: string;
  setting?: Setting;
  /** The phase of the round that it is, which is told how it goes. */
  phase?: PhaseName;
  /** Whether its job waits until the round has reserved what it is going to cost. */
  isBudgeted?: boolean;
}

/** What a fine-tuning job has come to. */
export interface FineTuneResult {
  model: string;
  jobId: string;
  /** Rows of the training file. */
  rows: number;
  spent: Spent;
}

/**
 * Supervises one fine-tuning job from file to model, so that whatever fails on the way, there is
 * one job and it is cancelled with the workflow. Useful by itself for any fine-tuning job.
 */
export async function fineTune(input: FineTuneInput): Promise<FineTuneResult> {
  const { setting = {} } = input;
  const { knownSearchAttributes } = activitiesWith(setting.activityOptions);
  const page = jobPage(input);
  const budget = handleJobBudget();
  const known =
    setting.searchAttributes ??
    (await knownSearchAttributes(undefined, 'which search attributes are there'));
  const set = attributesOf(known);
  page.set(set);
  return untilEnded(set, () => supervise(input, page, budget));
}

async function supervise(
  { setting, phase, isBudgeted, ...input }: FineTuneInput,
  page: JobPage,
  budget: JobBudget,
): Promise<FineTuneResult> {
  const { endpoint, ...order } = input;
  const here = activitiesWith(setting?.activityOptions);
  const upload = { endpoint, order };
  const summary = `upload the training file to ${endpoint}`;
  let perform = here;
  let uploaded = await here.uploadTrainingFile(upload, summary);
  if ('taskQueue' in uploaded) {
    // Where the trainer works, only the configuration of a worker says: the first one asked tells it.
    const there = uploaded;
    page.show({ stage: `uploading the training file on task queue ${there.taskQueue}` });
    perform = activitiesWith(setting?.activityOptions, there);
    uploaded = await perform.uploadTrainingFile(upload, `${summary}, on ${there.taskQueue}`);
    if ('taskQueue' in uploaded) throw inCircles(endpoint, [there.taskQueue, uploaded.taskQueue]);
  }
  const { count, wanted, ...file } = uploaded;
  page.show({ rows: count, stage: isBudgeted ? 'waiting for the budget' : 'creating the job' });
  const work: JobInput = { endpoint, order: { ...order, ...file } };
  let jobId: string | undefined;
  for (;;) {
    if (isBudgeted && phase) {
      await budget.reserved(phase, wanted);
      page.show({ stage: 'creating the job' });
    }
    const result = await (isBudgeted && phase ? budget.whileGranted(train) : train());
    if (result) return result;
    page.show({ jobId: undefined, stage: 'waiting for the budget' });
  }

  /** One job, from its creation to its model. */
  async function train(): Promise<FineTuneResult> {
    try {
      const started = await perform.startJob(work, `adopt or create the job at ${endpoint}`);
      ({ jobId } = started);
      page.show({ jobId, stage: 'waiting for the job' });
      const tuned = await untilFinished(jobId);
      page.show({ stage: 'recording the model', stalled: undefined });
      const { spent } = await here.recordModel(
        { ...work, started, tuned, rows: count },
        `record model ${tuned.model}`,
      );
      page.show({ stage: 'done', model: tuned.model, spent });
      return { model: tuned.model, jobId, rows: count, spent };
    } catch (error) {
      if (isCancelled(error)) {
        page.show({ stage: 'cancelling the job', stalled: undefined });
        // Also finds a job whose id never came back.
        await CancellationScope.nonCancellable(() =>
          perform.cancelJobs(
            { ...work, jobId },
            `cancel job ${jobId ?? 'if there is one'} at ${endpoint}`,
          ),
        );
      }
      page.show({ stage: isCancelled(error) ? 'cancelled' : 'failed', stalled: undefined });
      throw error;
    }
  }

  /** Where a job makes no progress for long it is left running, but the page says so. */
  async function untilFinished(jobId: string): Promise<RecordModelInput['tuned']> {
    let stalled: LastSeen | undefined;
    for (;;) {
      const seen = await perform.awaitJob(
        { ...work, jobId, stalled },
        `waiting for job ${jobId} at ${endpoint}${stalled ? ', which has stalled' : ''}`,
      );
      if (seen.state === 'finished') return seen.result;
      stalled = seen.state === 'stalled' ? seen.lastSeen : undefined;
      page.show({ stalled });
    }
  }
}

const inCircles = (endpoint: string, [asked, told]: [string, string]) =>
  finalFailure(
    'NoFineTuning',
    `the workers of task queue ${asked} send what is asked of the trainer of endpoint "${endpoint}" to ${told}: give all workers the same temporal.config.ts`,
  );

interface JobPage {
  show(change: Partial<JobStatus>): void;
  /** From now on its attributes are set, too. */
  set(attributes: SetAttributes): void;
}

/**
 * Keeps the `status` query, the page and the search attributes of a fine-tune up to date, and its
 * round informed. Call it before the first await.
 */
function jobPage({ endpoint, model, lineage, phase }: FineTuneInput): JobPage {
  const status: JobStatus = { endpoint, base: model, stage: 'uploading the training file' };
  let set: SetAttributes = () => {};
  const tellRound = toParent(phaseNews);
  const show = (change: Partial<JobStatus>) => {
    Object.assign(status, change);
    setCurrentDetails(markdown([jobProgress(status, Date.now())]));
    const { seen, stalled, trouble } = status;
    const warning = stalled ? 'JobStalled' : trouble ? 'EndpointAway' : undefined;
    set({
      SemiEvolModel: model,
      SemiEvolRound: lineage.round,
      SemiEvolState: status.jobId || trouble ? 'waiting' : 'running',
      SemiEvolWarning: warning ?? null,
    });
    if (phase)
      tellRound({
        ...{ name: phase, done: seen?.done ?? 0, total: seen?.total ?? 0, trouble, warning },
        waitsFor: waitsFor(status),
      });
  };
  setHandler(progress, (): Progress => {
    const { seen, stalled, stage } = status;
    const note = stalled ? `no progress since ${new Date(stalled.since).toISOString()}` : stage;
    // How far a job has come its activity tells: said here, too, it would count twice.
    return { done: 0, total: seen?.total ?? 0, unit: 'steps', note };
  });
  handleSightings((trouble, { done, total, detail }) => {
    const since = detail === status.seen?.detail ? status.seen!.since : Date.now();
    const seen =
      detail === undefined ? status.seen : { done, total, detail, since, at: Date.now() };
    show({ trouble, seen });
  });
  setCurrentDetails(markdown([jobProgress(status, Date.now())]));
  return {
    show,
    set(attributes) {
      set = attributes;
      show({});
    },
  };
}
