import type { Answer } from './answer.ts';
import { voteEntropy } from './entropy.ts';
import { shareFor, type Vote } from './neighbourVotes.ts';
import type { Way } from './resolution.ts';

/** What a round believes about one unlabelled example. */
export interface PseudoLabel {
  round: number;
  ordinal: number;
  exampleId: string;
  /** Canonical answer; null when no collaborator gave a readable one. */
  label: string | null;
  /** All collaborators gave the same answer. */
  agreed: boolean;
  /** Mean negative log-probability a token of the answer(s) behind the label, in nats. */
  entropy: number | null;
  /** Summed probability of the label by all answers, divided by their number: 0..1. */
  probability: number | null;
  /**
   * The share of its labelled neighbours, weighted by similarity, that have the label: 0..1; null
   * where none were found.
   */
  neighbours: number | null;
  /** How many collaborators stood behind the label, out of `collaborators`. */
  votes: number;
  /** Those that have answered: without any that was away. */
  collaborators: number;
  /** What a model said that gave the label, where the final model is taught to say that; else null. */
  response: string | null;
}

/** The task's equality of two canonical answers. */
export type Equality = (a: string, b: string) => boolean;

/** An answer that was given, and by how many. */
export interface Candidate {
  answer: string;
  votes: number;
}

export interface Consensus {
  /** Every collaborator's answer was readable and all are equal (one alone agrees with itself). */
  agreed: boolean;
  /** The different answers, most votes first; of equal votes the first given comes first. */
  candidates: Candidate[];
}

/** Those who give an answer, in its first words. */
interface Party<One> {
  answer: string;
  members: One[];
}

/**
 * Parts what gives answers by the answer, in the order in which these come; what gives none is in no
 * party.
 */
export function partiesOf<One>(
  all: readonly One[],
  answerOf: (one: One) => string | null,
  equal: Equality,
): Party<One>[] {
  const parties: Party<One>[] = [];
  for (const one of all) {
    const answer = answerOf(one);
    if (answer === null) continue;
    const known = parties.find((party) => equal(party.answer, answer));
    if (known) known.members.push(one);
    else parties.push({ answer, members: [one] });
  }
  return parties;
}

/** Compares the collaborators' answers to one example (§3.2); null is an unreadable answer. */
export function consensus(answers: readonly (string | null)[], equal: Equality): Consensus {
  const candidates = partiesOf(answers, (answer) => answer, equal)
    .map(({ answer, members }) => ({ answer, votes: members.length }))
    .sort(byVotes);
  return { agreed: candidates[0]?.votes === answers.length, candidates };
}

const byVotes = (a: Candidate, b: Candidate) => b.votes - a.votes;

/** What the pseudo-label needs to know of an answer. */
export type Reading = Pick<Answer, 'parsed' | 'entropy' | 'probability' | 'shares'>;

/** What collaborators come to about an example. */
export type Verdict = Pick<
  PseudoLabel,
  'label' | 'agreed' | 'entropy' | 'probability' | 'neighbours' | 'votes' | 'collaborators'
>;

/**
 * The pseudo-label of one example from its collaborators' answers (§3.2).
 *
 * - Agreed: their answer, with the mean of their entropies.
 * - Disagreed, resolved by `justify`: the justification's choice, with the mean entropy of the
 *   justification and of the answers it chose. (Its own alone would not do: a model that was just
 *   fine-tuned is sure of what it says here, however unsure its answers were, and selection would
 *   prefer the disagreed.) A justification that is missing, unreadable or names none of the
 *   candidates has chosen nothing; then the candidate of most votes stands, with the mean entropy
 *   of those who gave it.
 * - By `vote`: the candidate of most votes, of equal ones that of the higher summed probability.
 * - By `probability`: the candidate of the highest summed probability, of equal ones that of more
 *   votes. In both ways with the mean entropy of those who gave it; of what is equal altogether the
 *   first given is taken.
 * - No readable answer: no label, no entropy and no probability.
 *
 * The probability of the label is the sum of what all answers say of it, divided by their number. An
 * answer of a fixed set of which the likeliest tokens are known says how likely each candidate is (its
 * shares); any other only how likely its own is. One without log-probabilities counts with the mean of
 * the readable ones that have some, and with 1 where none has; so without any, `probability` is `vote`.
 *
 * Means are over those that have an entropy. Where not one of the answers carries one (the
 * endpoint gives no log-probabilities), it is the normalised entropy of the votes, in which every
 * unreadable answer counts as a voter of its own opinion.
 *
 * @param neighbours the votes of its labelled neighbours: they decide nothing, and tell how far the
 * label is borne out
 * @param view what a second view of the example says, the share of each label: it counts as much as
 * all answers together, and may make a label of what nobody answered
 */
export function pseudoLabel(
  way: Way,
  answers: readonly Reading[],
  justification: Reading | undefined,
  equal: Equality,
  neighbours: readonly Vote[] = [],
  view?: ReadonlyMap<string, number>,
): Verdict {
  const candidates = view
    ? seenTwice(backedBy(answers, equal), answers.length, view)
    : backedBy(answers, equal);
  const collaborators = answers.length;
  const agreed = candidates[0]?.votes === collaborators;
  const choice = agreed || way !== 'justify' ? undefined : chosen(justification, candidates, equal);
  const winner = choice ?? candidates.toSorted(FIRST[way])[0];
  const counts = { agreed, collaborators };
  if (!winner)
    return {
      ...{ label: null, entropy: null, probability: null, neighbours: null },
      ...{ ...counts, votes: 0 },
    };

  const { answer: label, votes, supporters, probability } = winner;
  const behind: readonly Reading[] =
    choice && justification ? [...supporters, justification] : supporters;
  const entropy = [...answers, ...behind].every((one) => one.entropy === null)
    ? entropyOfVotes(candidates, collaborators)
    : mean(behind.flatMap((one) => one.entropy ?? []));
  return {
    ...{ ...counts, label, entropy, votes },
    probability: probability / collaborators,
    neighbours: shareFor(label, neighbours, equal),
  };
}

/** Candidates, and labels that nobody gave, with what a second view makes of their probabilities. */
function seenTwice(
  candidates: readonly Backed[],
  answers: number,
  view: ReadonlyMap<string, number>,
): Backed[] {
  const given = new Map(candidates.map((one) => [one.answer, one]));
  const none = { votes: 0, supporters: [], probability: 0 };
  return Array.from(view, ([answer, share]) => {
    const { probability, ...one } = given.get(answer) ?? { answer, ...none };
    return { ...one, probability: (probability + answers * share) / 2 };
  }).sort(byVotes);
}

/** A candidate with the answers that gave it, and the sum of its probabilities by all answers. */
interface Backed extends Candidate {
  supporters: Reading[];
  probability: number;
}

/** Which of two candidates comes first; of equal ones the first given, since sorting is stable. */
const FIRST: Record<Way, (a: Backed, b: Backed) => number> = {
  justify: byVotes,
  vote: (a, b) => byVotes(a, b) || b.probability - a.probability,
  probability: (a, b) => b.probability - a.probability || byVotes(a, b),
};

/** The candidates, most votes first. */
function backedBy(answers: readonly Reading[], equal: Equality): Backed[] {
  const readable = answers.filter(({ parsed }) => parsed !== null);
  const usual = mean(readable.flatMap(({ probability }) => probability ?? [])) ?? 1;
  const likelihood = (answer: string, { parsed, shares, probability }: Reading) => {
    if (shares) return shares[answer] ?? 0;
    return equal(parsed!, answer) ? (probability ?? usual) : 0;
  };
  return partiesOf(answers, ({ parsed }) => parsed, equal)
    .map(({ answer, members: supporters }) => ({
      ...{ answer, supporters, votes: supporters.length },
      probability: readable.reduce((sum, one) => sum + likelihood(answer, one), 0),
    }))
    .sort(byVotes);
}

/**
 * The response that a model is taught where a label is taught by whole responses: of the models that
 * gave the label, what the surest said; the first of equally sure ones. Null where none said it to
 * its end.
 */
export function responseBehind(
  label: string,
  answers: readonly Answer[],
  equal: Equality,
): string | null {
  const said = answers
    .filter(({ endpoint, finishReason }) => endpoint !== '' && finishReason !== 'length')
    .filter(({ parsed }) => parsed !== null && equal(parsed, label));
  return surestOf(said)?.text ?? null;
}

/** The one of the lowest entropy; of equal ones, and where none has any, the first. */
export function surestOf<One extends Pick<Answer, 'entropy'>>(
  answers: readonly One[],
): One | undefined {
  const entropyOf = ({ entropy }: One) => entropy ?? Number.POSITIVE_INFINITY;
  return answers.reduce<One | undefined>(
    (best, one) => (best && entropyOf(best) <= entropyOf(one) ? best : one),
    undefined,
  );
}

function chosen(
  justification: Reading | undefined,
  candidates: Backed[],
  equal: Equality,
): Backed | undefined {
  const answer = justification?.parsed ?? null;
  return answer === null ? undefined : candidates.find((one) => equal(one.answer, answer));
}

function entropyOfVotes(candidates: Candidate[], collaborators: number): number {
  const votes = candidates.map((candidate) => candidate.votes);
  const unreadable = collaborators - votes.reduce((sum, count) => sum + count, 0);
  return voteEntropy([...votes, ...Array<number>(unreadable).fill(1)]);
}

function mean(values: number[]): number | null {
  return values.length === 0 ? null : values.reduce((sum, value) => sum + value, 0) / values.length;
}
