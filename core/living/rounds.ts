import type { RunSpec } from '../spec.ts';

/** How many rounds a run has at the most; undefined where only people end it. */
export const mostRounds = ({ rounds }: Pick<RunSpec, 'rounds'>): number | undefined =>
  rounds === 'unlimited' ? undefined : rounds;

/** Whether a round of a plan is its last. */
export const isLast = ({ rounds }: { rounds?: number | undefined }, round: number): boolean =>
  round === rounds;

/** A round for people, `round 2 of 5`. @param rounds how many there are, where that is known */
export const roundText = (round: number, rounds: number | undefined): string =>
  rounds === undefined ? `round ${round}` : `round ${round} of ${rounds}`;
