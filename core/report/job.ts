import type { Spent } from '../spent.ts';
import { amount, moment } from './format.ts';
import { factTable, spentText, troubleLines } from './progress.ts';
import type { Section } from './section.ts';

/** What is known of a fine-tune under way. */
export interface JobStatus {
  endpoint: string;
  /** The model it starts from. */
  base: string;
  /** What the workflow is at. */
  stage: string;
  jobId?: string;
  /** Lines of the training file. */
  rows?: number;
  /** The job as it was seen last; `since` when its status is so, `at` when it was seen (epoch milliseconds). */
  seen?: { detail: string; done: number; total: number; since: number; at: number };
  /** What is known of a job that makes no progress, and since when. */
  stalled?: { detail: string; since: number };
  trouble?: string;
  /** The tuned model. */
  model?: string;
  spent?: Spent;
}

/** The page of a fine-tune. @param now epoch milliseconds */
export function jobProgress(status: JobStatus, now: number): Section {
  const { endpoint, base, stage, jobId, rows, seen, stalled, trouble, model, spent } = status;
  // The end of a job is not seen as its states before are: what was seen last is no longer so.
  const underWay = model === undefined ? seen : undefined;
  return {
    title: `Fine-tuning ${base}: ${stalled ? 'the job has stalled' : stage}`,
    blocks: [
      ...(stalled
        ? [
            `⚠ No progress since ${moment(stalled.since)}: the status of the job is "${stalled.detail}". It is left running; look at it at the provider. Cancelling this workflow cancels it.`,
          ]
        : []),
      ...troubleLines(trouble),
      factTable('', [
        ['job', jobId],
        ['endpoint', endpoint],
        ['base model', base],
        ['training rows', rows === undefined ? undefined : `${rows}`],
        ['status', underWay && `${underWay.detail}, since ${moment(underWay.since)}`],
        ['steps', underWay && amount(underWay.done, underWay.total, 'steps')],
        ['tuned model', model],
        ['spent', spent && spentText(spent)],
      ]),
      `As of ${moment(now)}${model === undefined ? '; the activity under way shows what is seen at every look' : ''}.`,
    ],
  };
}

/** What a round waits for, as long as there is a job. */
export function waitsFor({ jobId, endpoint, seen, stalled }: JobStatus): string | undefined {
  if (!jobId) return undefined;
  const state = stalled
    ? `no progress since ${moment(stalled.since)}`
    : seen && `${seen.detail} since ${moment(seen.since)}`;
  return `job ${jobId} at ${endpoint}${state ? `, ${state}` : ''}`;
}
