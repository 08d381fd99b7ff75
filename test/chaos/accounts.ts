import { usageOfAnswer } from '../../core/answer.ts';
import { mostRounds } from '../../core/living/rounds.ts';
import type { RunSpec } from '../../core/spec.ts';
import type { Store } from '../../store/store.ts';
import type { JournalEntry } from '../../testing/requests.ts';
import { answersOf } from './tables.ts';

const CHAT = '/chat/completions';
const EMBEDDINGS = '/embeddings';
/** Texts that activities/embed.ts sends in a request. */
const TEXTS = 64;
/** Has no journal. */
const ENGINE = 'engine';

/**
 * The steps of a run: different requests, and looks at a job or a batch. Two runs of equal results take the
 * same ones, however often each is repeated.
 */
export function stepsOf(journal: JournalEntry[]): JournalEntry[] {
  const seen = new Set<string>();
  return journal.filter(({ method, path, digest, attempt }) => {
    const isLook = method === 'GET' && /^\/(fine_tuning\/jobs|batches)\//.test(path);
    const step = isLook ? `${digest}/${attempt}` : digest;
    const isNew = !seen.has(step);
    seen.add(step);
    return isNew;
  });
}

/** When a run took its steps, in epoch milliseconds. */
export const stepTimes = (journal: JournalEntry[]): number[] =>
  stepsOf(journal).map(({ arrivedAt }) => arrivedAt);

/** Whether it is a question or texts to embed, and no probe. */
const isAsked = ({ kind }: JournalEntry): boolean => kind === 'chat' || kind === 'embeddings';

/** Answers to each chat and embedding request that were sent whole and unspoilt. */
export function fullAnswers(journal: readonly JournalEntry[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const entry of journal) {
    const { digest, status, delivered, fault } = entry;
    const isFull = status === 200 && delivered && (fault === undefined || fault === 'slow');
    if (isFull && isAsked(entry)) counts.set(digest, (counts.get(digest) ?? 0) + 1);
  }
  return counts;
}

/** Requests that were answered in full more often than in the undisturbed run. */
export function resentRequests(undisturbed: JournalEntry[], journal: JournalEntry[]): number {
  const wanted = fullAnswers(undisturbed);
  let resent = 0;
  for (const [digest, count] of fullAnswers(journal))
    resent += Math.max(0, count - Math.max(1, wanted.get(digest) ?? 0));
  return resent;
}

/** Requests that were sent, and whose answers are not in the store. */
export async function unstored(
  journal: JournalEntry[],
  store: Store,
  dataset: string,
  spec: RunSpec,
): Promise<number> {
  const answers = await unstoredAnswers(journal, store, dataset, spec);
  return answers + sent(journal, EMBEDDINGS) - (await storedEmbeddings(store, dataset, spec));
}

/** Chat requests that were sent to providers, and whose answers are not in the store. */
export async function unstoredAnswers(
  journal: JournalEntry[],
  store: Store,
  dataset: string,
  spec: RunSpec,
): Promise<number> {
  let stored = 0;
  for (let round = 1; round <= mostRounds(spec)!; round++)
    stored += await storedChats(store, spec, dataset, round);
  return chatsSent(journal) - stored;
}

/** Chat requests of a round to providers whose answers are in the store. */
export async function storedChats(
  store: Store,
  spec: RunSpec,
  dataset: string,
  round: number,
): Promise<number> {
  const answers = await answersOf(store, spec, dataset, round);
  return (
    answers
      .filter(({ endpoint, transport }) => endpoint !== ENGINE && transport === 'direct')
      // What another round has asked stands here, too, and is not paid for again.
      .reduce((sum, answer) => sum + (usageOfAnswer(answer).requests ?? 0), 0)
  );
}

/** Different questions that were sent to providers. */
export const chatsSent = (journal: readonly JournalEntry[]): number => sent(journal, CHAT);

/** Different questions, or texts to embed, sent to a path. */
function sent(journal: readonly JournalEntry[], to: string): number {
  const requests = journal.filter((entry) => entry.path === to && isAsked(entry));
  return new Set(requests.map(({ digest }) => digest)).size;
}

async function storedEmbeddings(store: Store, dataset: string, spec: RunSpec): Promise<number> {
  // Killed while the data is read, a run has embedded nothing.
  if (!(await store.datasets.find(dataset))) return 0;
  const data = store.dataset(dataset);
  const everything = { from: 0, to: 2 ** 31 - 1 };
  const sizes = { labelled: TEXTS, unlabelled: spec.batch.size };
  let stored = 0;
  for (const split of ['labelled', 'unlabelled'] as const) {
    const vectors = await data.vectors(spec.embedding.name, split, everything);
    stored += new Set([...vectors.keys()].map((ordinal) => Math.floor(ordinal / sizes[split])))
      .size;
  }
  return stored;
}

/** What a provider keeps under a key: a job or a batch. */
interface Keyed {
  status: string;
  metadata?: Record<string, string> | null | undefined;
}

/** Second jobs of one key: those that ran beside the first, and those that were cancelled. */
export function twins(jobs: readonly Keyed[]): { duplicates: number; cancelled: number } {
  const result = { duplicates: 0, cancelled: 0 };
  for (const ofKey of Map.groupBy(jobs, (job) => job.metadata?.semievol_key).values()) {
    const cancelled = ofKey.filter((job) => job.status === 'cancelled').length;
    result.cancelled += cancelled;
    result.duplicates += Math.max(0, ofKey.length - cancelled - 1);
  }
  return result;
}
