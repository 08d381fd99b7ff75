import type { Verdict } from '../consensus.ts';
import { shareFor, type Vote } from '../neighbourVotes.ts';

/** What speaks against a gold answer. */
export interface Suspicion {
  /** What is said instead, by models and neighbours. */
  label: string;
  /** How many of the collaborators say so, out of `collaborators`: more than half. */
  votes: number;
  collaborators: number;
  /** The share of the neighbours, weighted by similarity, that say so: 0..1, and of those for the gold answer. */
  against: number;
  for: number;
}

/** A labelled example whose gold answer is doubted. */
export interface Suspect extends Suspicion {
  ordinal: number;
  exampleId: string;
}

/** Who can say something of a gold answer, without having seen it. */
export interface Witnesses {
  /** What collaborators came to whose models have not learned it. */
  verdict: Verdict;
  /** The votes of its labelled neighbours, itself not among them. */
  neighbours: readonly Vote[];
}

/** Whether both models and neighbours have something to say, whatever it is. */
export const isHeard = ({ verdict, neighbours }: Witnesses): boolean =>
  verdict.label !== null && neighbours.length > 0;

/**
 * What speaks against a gold answer; null where it is not to be doubted. It takes two witnesses that
 * say the same thing: most of the collaborators, and, of the neighbours, more for that than for the
 * gold answer. Each of them alone is wrong too often, on the hard examples above all.
 */
export function suspicion(
  gold: string,
  { verdict, neighbours }: Witnesses,
  equal: (a: string, b: string) => boolean,
): Suspicion | null {
  const { label, votes, collaborators } = verdict;
  if (label === null || equal(label, gold) || 2 * votes <= collaborators) return null;
  const against = shareFor(label, neighbours, equal) ?? 0;
  const forGold = shareFor(gold, neighbours, equal) ?? 0;
  return against > forGold ? { label, votes, collaborators, against, for: forGold } : null;
}

/** Orders suspects: first what is doubted most. */
export const byDoubt = (a: Suspect, b: Suspect): number =>
  doubt(b) - doubt(a) || a.ordinal - b.ordinal;

const doubt = ({ votes, collaborators, against, for: forGold }: Suspicion): number =>
  votes / collaborators + against - forGold;
