/** Why a row is struck out that is gone for good: one that is labelled now stays in the data set. */
export type GoneReason = 'withdrawn' | 'segment' | 'superseded';

/** Rows of a training file that are struck out by now, by why. */
export type StruckRows = Record<GoneReason, number>;

/** None of them. */
export const NO_STRUCK_ROWS: StruckRows = { withdrawn: 0, segment: 0, superseded: 0 };

/** What a model has to do with rows that are struck out by now. */
export interface Learned {
  /** Those that stood in its own training file. */
  rows: StruckRows;
  /** The nearest of the models it was tuned from that has learned from some; null where none has. */
  through: string | null;
  /** Models that labelled what it learned, and have learned from some themselves. */
  labelledBy: string[];
}

/** A model, as far as it matters for what it has learned. */
export interface LearnedModel {
  name: string;
  base: string | null;
  round: number;
  role: string;
}

const isNone = (rows: StruckRows): boolean => Object.values(rows).every((count) => count === 0);

/** Roles of models that are taught what a round has selected. */
const TAUGHT_SELECTED = ['semievol'];
/** Roles of models that label what a round selects. */
const LABELLING = ['warm-up'];

/**
 * Which models have learned from rows that are struck out: from their own training files, by the models
 * they were tuned from, or by labels that such models gave. The others are left out.
 * @param models each after the one it was tuned from
 * @param rowsOf the struck-out rows of a model's own training file
 */
export function learnedFromStruck(
  models: readonly LearnedModel[],
  rowsOf: (name: string) => StruckRows,
): Map<string, Learned> {
  const found = new Map<string, Learned>();
  const consider = ({ name, base, round, role }: LearnedModel) => {
    const rows = rowsOf(name);
    const through = base !== null && found.has(base) ? base : null;
    const labelledBy = TAUGHT_SELECTED.includes(role)
      ? models
          .filter((one) => one.round === round && LABELLING.includes(one.role))
          .filter((one) => found.has(one.name))
          .map((one) => one.name)
      : [];
    if (isNone(rows) && through === null && labelledBy.length === 0) return;
    found.set(name, { rows, through, labelledBy });
  };
  // Round by round, and in each what labels first: what it has learned is known before what it has taught.
  const order = ({ round, role }: LearnedModel) => 2 * round + (LABELLING.includes(role) ? 0 : 1);
  for (const model of models.toSorted((a, b) => order(a) - order(b))) consider(model);
  return found;
}
