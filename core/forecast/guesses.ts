import type { SelectionSpec } from '../spec.ts';
import { combined, exactly, NOTHING, type Span } from './span.ts';

/**
 * What nobody can know before a run. The likeliest are what the runs of `docs/reproduce.md` and the
 * demo came to; low and high are as far as it can go.
 */

/** The share of examples on which collaborators of several answers disagree. */
const DISAGREED: Span = { low: 0, likely: 0.3, high: 1 };
/** The same of texts, which are rarely in the same words. */
const DIFFERENT_TEXTS: Span = { low: 0, likely: 0.7, high: 1 };
/** Whether justification is the way that `auto` finds the best: of three. */
const JUSTIFIES: Span = { low: 0, likely: 1 / 3, high: 1 };
/** What a rule keeps of which no more is known. */
const KEPT: Span = { low: 0, likely: 0.5, high: 1 };
/** The share of answers that are asked about where a judge grades: not those in the words of the gold one, nor such as it has seen. */
export const JUDGED: Span = { low: 0, likely: 0.6, high: 1 };

/** On what share of examples answers differ. @param answers to an example */
export const disagreed = (answers: number, areTexts: boolean): Span => {
  if (answers < 2) return NOTHING;
  return areTexts ? DIFFERENT_TEXTS : DISAGREED;
};

/** How probable it is that disagreement is justified. @param way undefined where it is found out */
export function justifies(way: string | undefined): Span {
  if (way === undefined) return JUSTIFIES;
  return way === 'justify' ? exactly(1) : NOTHING;
}

/**
 * How many of the pseudo-labels are selected.
 * @param asked how many there are @param answers to an example
 */
export function selectedOf(selection: SelectionSpec, asked: number, answers: number): Span {
  const { exactly: wanted, atLeast = 0, atMost = asked } = selection;
  if (wanted !== undefined) return exactly(Math.min(wanted, asked));
  const share = keptShare(selection, answers);
  return combined([share], (of) =>
    Math.round(Math.min(asked, atMost, Math.max(of * asked, Math.min(atLeast, asked)))),
  );
}

/** What a rule keeps. Of equal scores it keeps all or none, so that no share of its own is sure. */
function keptShare({ rule, percentile }: SelectionSpec, answers: number): Span {
  if (typeof percentile !== 'number') return KEPT;
  const share = percentile / 100;
  if (rule === 'paper') return { low: 0, likely: share, high: 1 };
  const apart = disagreed(answers, false).likely;
  return { low: 0, likely: 1 - apart + apart * share, high: 1 };
}
