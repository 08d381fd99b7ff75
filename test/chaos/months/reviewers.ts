import type { ReviewDesk } from '../../../client/review.ts';
import type { Judgement } from '../../../core/review/review.ts';
import type { ToReview } from '../../../core/review/shown.ts';
import { goldAnswer } from '../../../testing/model.ts';
import { LABELS } from '../../../testing/task.ts';
import { chance } from '../../../testing/wire.ts';

/** Two people who review a run. */
export const REVIEWERS = ['ada', 'ben'] as const;
/** Examples that each of them takes. */
export const TAKEN = 2;

/** What somebody has said of an example. */
export interface Said {
  reviewer: string;
  question: string;
  judgement: Judgement;
}

interface Manner {
  seed: number;
  insist<T>(work: () => Promise<T>): Promise<T>;
}

/**
 * People who sit down at the same time: all of them have their examples before anyone says anything, and
 * no one leaves any lying, since what becomes of those goes by the clock. What is said follows from the
 * example, whoever has it.
 * @throws Error where two of them have the same example
 */
export async function reviewTogether(
  open: (reviewer: string) => Promise<ReviewDesk>,
  reviewers: readonly string[],
  { seed, insist }: Manner,
): Promise<Said[]> {
  const desks: ReviewDesk[] = [];
  const said: Said[] = [];
  try {
    const taken: ToReview[][] = [];
    for (const reviewer of reviewers) {
      const desk = await insist(() => open(reviewer));
      desks.push(desk);
      taken.push(await insist(() => desk.take(TAKEN)));
    }
    const all = taken.flat().map(({ split, ordinal }) => `${split}/${ordinal}`);
    if (new Set(all).size < all.length) throw new Error(`leased to two people: ${all.join(', ')}`);
    for (let at = 0; at < TAKEN; at++)
      for (const [person, desk] of desks.entries()) {
        const one = taken[person]![at];
        if (!one) continue;
        const judgement = judge(one, seed);
        await desk.say(one, judgement);
        said.push({ reviewer: reviewers[person]!, question: one.example.question, judgement });
      }
    for (const desk of desks) await insist(() => desk.handIn());
    return said;
  } finally {
    for (const desk of desks) desk.close();
  }
}

/** Mostly right; some are skipped, some called bad, some wrong. */
function judge({ example: { question } }: ToReview, seed: number): Judgement {
  const mood = chance('mood', seed, question);
  if (mood < 0.1) return { verdict: 'skip' };
  if (mood < 0.2) return { verdict: 'bad' };
  const gold = goldAnswer(question, LABELS);
  const other = LABELS.find((label) => label !== gold)!;
  return { verdict: 'answer', answer: mood < 0.3 ? other : gold };
}
