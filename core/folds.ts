import type { Example } from './types.ts';

/**
 * Into so many folds the labelled examples are parted for cross-fitting: each is answered by models
 * and with neighbours of the other fold only. More folds would leave a model more to learn from, and
 * each costs a fine-tune.
 */
export const FOLDS = 2;

/** The fold of an example, 0 to FOLDS − 1. It follows from its id alone, so that it stays. */
export const foldOf = ({ id }: Pick<Example, 'id'>): number =>
  Number.parseInt(id.slice(0, 8), 16) % FOLDS;
