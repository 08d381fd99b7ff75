/**
 * The ways to resolve disagreement between collaborators (§3.2 of the paper):
 *
 * - `justify`, the paper's: a model is shown the candidates, and justifies one of them.
 * - `probability`: the candidate whose answers were the most probable, all together.
 * - `vote`: the candidate of most votes.
 */
export const WAYS = ['justify', 'probability', 'vote'] as const;

/** A way to resolve disagreement. */
export type Way = (typeof WAYS)[number];
