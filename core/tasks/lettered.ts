import { letterOf } from './answers.ts';
import { afterMark } from './freeText.ts';
import type { Task } from './task.ts';

/** Candidates a justification is shown: as many as there are letters. */
const MOST_CANDIDATES = 26;

/** A letter that stands for a candidate: alone, or before the candidate's text. */
const LETTER =
  /^[\s("'*_`<[]*(?:candidate\s+|answer\s+)?([A-Z])(?=[\s)"'*_`>\].,:]*(?:$|\n)|[.):])/u;

/** How a justification of {@link lettered} candidates is to choose, as the system says it. */
export const BY_LETTER = 'Several answers were proposed: weigh them and choose one by its letter.';

/**
 * Justification of answers that are too long to be said once more: the candidates have letters, and
 * the one whose letter a text ends with is chosen, else the one that it gives in its own words.
 * @param read the answer that a text gives
 */
export function lettered(
  { justify }: Pick<Task, 'justify'>,
  read: (text: string, isCut: boolean) => string | null,
  equal: Task['equal'],
): Required<Pick<Task, 'justify' | 'chosen'>> {
  return {
    justify: (x, candidates) =>
      justify(
        x,
        candidates
          .slice(0, MOST_CANDIDATES)
          .map((answer, index) => `${letterOf(index)}. ${answer}`),
      ),
    chosen(text, candidates, isCut) {
      const letter = LETTER.exec(afterMark(text) ?? text)?.[1];
      const named = letter && candidates.slice(0, MOST_CANDIDATES)[letter.charCodeAt(0) - 65];
      const answer = read(text, isCut);
      return named ?? candidates.find((one) => answer !== null && equal(one, answer)) ?? null;
    },
  };
}
