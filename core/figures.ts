import { addSpent, NOTHING_SPENT } from './spent.ts';
import type { RoundFigures } from './status.ts';

export const NO_FIGURES: RoundFigures = { spent: NOTHING_SPENT, agreed: 0, disagreed: 0 };

/** Figures of the phases of a round, put together. */
export function sumOf(parts: readonly Partial<RoundFigures>[]): RoundFigures {
  return parts.reduce<RoundFigures>(
    (sum, part) => ({
      spent: addSpent(sum.spent, part.spent ?? NOTHING_SPENT),
      agreed: sum.agreed + (part.agreed ?? 0),
      disagreed: sum.disagreed + (part.disagreed ?? 0),
      selected: part.selected ?? sum.selected,
      scores: part.scores ?? sum.scores,
      ...(part.scores ? estimateOf(part) : estimateOf(sum)),
    }),
    NO_FIGURES,
  );
}

const estimateOf = ({ estimate }: Pick<Partial<RoundFigures>, 'estimate'>) =>
  estimate && { estimate };
