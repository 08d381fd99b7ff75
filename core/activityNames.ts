/** Stands before the name of each of our activities, so that none is ever in the place of a user's. */
export const ACTIVITY_PREFIX = 'semievol.';

/** Activities under the names by which Temporal knows them. */
export type Named<T> = {
  [Name in keyof T & string as `${typeof ACTIVITY_PREFIX}${Name}`]: T[Name];
};
