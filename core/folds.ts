import type { Example } from './types.ts';

/**
 * Into so many folds the labelled examples are parted for cross-fitting: each is answered by models
 * and with neighbours of the other fold only. More folds would leave a model more to learn from, and
 * each costs a fine-tune of each warm-up.
 */
export const FOLDS = 2;

/** The fold of an example, 0 to `folds` − 1. It follows from its id alone, so that it stays. */
export const foldOf = ({ id }: Pick<Example, 'id'>, folds = FOLDS): number =>
  Number.parseInt(id.slice(0, 8), 16) % folds;

/** The model that answers an example: of those of the folds the one that has not seen it. */
export const modelFor = (
  model: string | readonly string[],
  example: Pick<Example, 'id'>,
): string => (typeof model === 'string' ? model : model[foldOf(example, model.length)]!);

const DIGITS = 12;

/** A lot that follows from the id of an example alone, 0 to below 1: each from digits of its own. */
const lot = (id: string, from: number): number =>
  Number.parseInt(id.slice(from, from + DIGITS), 16) / 16 ** DIGITS;

/** The place of an example in the lot by which it is held out. */
export const placeOf = ({ id }: Pick<Example, 'id'>): number => lot(id, 8);

/** Whether an example, labelled when it came, joins the test split. @param share of all, 0 to 1 */
export const joinsTest = ({ id }: Pick<Example, 'id'>, share: number): boolean =>
  lot(id, 8 + DIGITS) < share;

/** Whether an example is held out from all but the pass that calibrates. @param below undefined where none is */
export const isHeldOut = (example: Pick<Example, 'id'>, below: number | undefined): boolean =>
  below !== undefined && placeOf(example) < below;

/** The place below which `count` of them lie. @param places sorted */
export const placeBelow = (places: Float64Array, count: number): number => places[count] ?? 1;
