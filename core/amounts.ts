/** Amounts that the run goes by, and its forecast with it. */

/** Texts in a request for vectors, at the most. */
export const TEXTS_A_REQUEST = 64;

/** Labelled examples about which a judge is checked, at the most. */
export const JUDGED_TO_CHECK = 50;
