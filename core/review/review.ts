import type { Split } from '../types.ts';

/** The splits that people review: what models learn from, and what is to be learned from. */
export type ReviewedSplit = Exclude<Split, 'test'>;

/** Where a reviewed example is in its data set. */
export interface Reviewed {
  split: ReviewedSplit;
  ordinal: number;
  exampleId: string;
}

/** What a person says of an example. */
export type Judgement =
  | { verdict: 'answer'; answer: string }
  /** It is no example that anything can be learned from. */
  | { verdict: 'bad' }
  /** Nothing, and it is not to be asked again. */
  | { verdict: 'skip' }
  /** What was said before is taken back. */
  | { verdict: 'undo' };

/** What a person has said of an example. */
export type Review = Reviewed &
  Judgement & {
    /** Unique, so that one that is stored again does not count again. */
    id: string;
    reviewer: string;
    /** The round in whose ranking it stood. */
    ranking: number;
    /** ISO 8601. */
    at: string;
  };

/** A review that changes the data set: a gold answer, in the task's canonical form, or null for a bad example. */
export type Joining = Reviewed & { answer: string | null };

/** What reviews come to, of an example the last: those that take nothing in are left out. */
export function joiningOf(reviews: readonly Review[]): Joining[] {
  const last = new Map(reviews.map((review) => [review.exampleId, review]));
  return [...last.values()].flatMap((review) => {
    if (review.verdict === 'skip' || review.verdict === 'undo') return [];
    const { split, ordinal, exampleId } = review;
    const answer = review.verdict === 'answer' ? review.answer : null;
    return { split, ordinal, exampleId, answer };
  });
}
