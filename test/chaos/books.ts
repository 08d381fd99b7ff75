import type { RoundReport } from '../../core/roundReport.ts';
import { usageOf } from '../../core/usage.ts';
import type { Batch } from '../../testing/batches.ts';
import type { Job } from '../../testing/jobs.ts';
import type { JournalEntry } from '../../testing/requests.ts';
import { fullAnswers } from './accounts.ts';

/** What was paid for: requests that were answered, rows of batches and jobs that were done, and tokens. */
export interface Account {
  requests: number;
  promptTokens: number;
  completionTokens: number;
  trainedTokens: number;
}

/** What providers have on record. */
export interface Records {
  journal: readonly JournalEntry[];
  jobs: readonly Job[];
  batches: readonly Batch[];
}

/** What providers have charged for. */
export interface Charged {
  /** Once for each answer that was wanted. */
  once: Account;
  /** For an answer that was lost, and had to be given again. */
  again: Account;
}

const NOTHING: Account = { requests: 0, promptTokens: 0, completionTokens: 0, trainedTokens: 0 };

const add = (a: Account, b: Partial<Account>, times = 1): Account => ({
  requests: a.requests + times * (b.requests ?? 0),
  promptTokens: a.promptTokens + times * (b.promptTokens ?? 0),
  completionTokens: a.completionTokens + times * (b.completionTokens ?? 0),
  trainedTokens: a.trainedTokens + times * (b.trainedTokens ?? 0),
});

/**
 * What reports say that the endpoints were paid for.
 * @param endpoints those that keep a journal
 */
export function told(reports: readonly RoundReport[], endpoints: readonly string[]): Account {
  const usage = reports.flatMap((report) => report.usage);
  const { requests, promptTokens, completionTokens, trainedTokens } = usageOf(
    usage.filter(({ endpoint }) => endpoints.includes(endpoint)),
  );
  return { requests, promptTokens, completionTokens, trainedTokens };
}

/**
 * What providers have charged for, by their own records; probes cost next to nothing, and are left out.
 * @param wanted the journal of an undisturbed run: what was asked twice there was wanted twice
 */
export function charged(
  { journal, jobs, batches }: Records,
  wanted: readonly JournalEntry[] = journal,
): Charged {
  const result: Charged = { once: NOTHING, again: NOTHING };
  const asked = journal.filter(({ kind, usage }) => usage && ['chat', 'embeddings'].includes(kind));
  const [wholly, wantedTimes] = [fullAnswers(journal), fullAnswers(wanted)];
  for (const [digest, entries] of Map.groupBy(asked, (entry) => entry.digest)) {
    const answer = { requests: 1, ...entries[0]!.usage };
    const times = Math.min(entries.length, wholly.has(digest) ? (wantedTimes.get(digest) ?? 1) : 0);
    result.once = add(result.once, answer, times);
    result.again = add(result.again, answer, entries.length - times);
  }
  for (const { status, trained_tokens } of jobs) {
    const job = { requests: status === 'succeeded' ? 1 : 0, trainedTokens: trained_tokens ?? 0 };
    result.once = add(result.once, job);
  }
  for (const { usage, request_counts } of batches)
    result.once = add(result.once, {
      requests: request_counts?.completed ?? 0,
      promptTokens: usage?.input_tokens ?? 0,
      completionTokens: usage?.output_tokens ?? 0,
    });
  return result;
}

/** Where two accounts differ, e.g. `promptTokens: 12 instead of 14`. */
export const discrepancies = (found: Account, expected: Account): string[] =>
  (Object.keys(NOTHING) as (keyof Account)[])
    .filter((unit) => found[unit] !== expected[unit])
    .map((unit) => `${unit}: ${found[unit]} instead of ${expected[unit]}`);
