import type { Task } from '../tasks/task.ts';
import type { StoredExample } from '../types.ts';
import type { RankedExample } from './ranking.ts';

/** An example as a reviewer sees it. */
export interface ToReview extends RankedExample {
  /** Its place in the ranking. */
  position: number;
  /** A labelled one has the answer that is doubted. */
  example: StoredExample;
  /** Answers to choose from; others may be given too. */
  choices: Choice[];
}

/** An answer to choose. */
export interface Choice {
  /** In canonical form. */
  answer: string;
  /** As it is shown. */
  text: string;
}

/** As many as keys of one digit choose from. */
export const MOST_CHOICES = 9;

/**
 * The answers that a reviewer may choose from: the labels, or the options, where these are few; else
 * what collaborators have answered, and what an example is labelled as. In an order that tells nothing
 * of what models think.
 */
export function choicesOf(
  task: Pick<Task, 'classes' | 'classesOf' | 'canonical'>,
  { options, answer }: Pick<StoredExample, 'options' | 'answer'>,
  { candidates, split }: Pick<RankedExample, 'candidates' | 'split'>,
): Choice[] {
  const { classes } = task;
  if (classes && !task.classesOf && classes.length <= MOST_CHOICES)
    return classes.map((label) => ({ answer: label, text: label }));
  const ofOptions = (options ?? []).flatMap((text, index) => {
    const read = task.canonical(`${index + 1}`, options);
    return 'answer' in read ? [{ answer: read.answer, text: `${read.answer}. ${text}` }] : [];
  });
  if (!classes && ofOptions.length > 0 && ofOptions.length <= MOST_CHOICES) return ofOptions;
  // An unlabelled one may carry an answer, too, which only measures.
  const given = candidates.map((one) => one.answer);
  const known = split === 'labelled' && answer !== undefined ? [...given, answer] : given;
  return [...new Set(known)]
    .sort()
    .slice(0, MOST_CHOICES)
    .map((one) => ({ answer: one, text: one }));
}
