import type { Answer } from './answer.ts';
import { voteEntropy } from './entropy.ts';

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
  /** How many collaborators stood behind the label, out of `collaborators`. */
  votes: number;
  collaborators: number;
}

/** The task's equality of two canonical answers. */
export type Equality = (a: string, b: string) => boolean;

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

/** Compares the collaborators' answers to one example (§3.2); null is an unreadable answer. */
export function consensus(answers: readonly (string | null)[], equal: Equality): Consensus {
  const candidates: Candidate[] = [];
  for (const answer of answers) {
    if (answer === null) continue;
    const known = candidates.find((candidate) => equal(candidate.answer, answer));
    if (known) known.votes += 1;
    else candidates.push({ answer, votes: 1 });
  }
  candidates.sort((a, b) => b.votes - a.votes);
  return { agreed: candidates[0]?.votes === answers.length, candidates };
}

/** What the pseudo-label needs to know of an answer. */
export type Reading = Pick<Answer, 'parsed' | 'entropy'>;

export type Verdict = Pick<PseudoLabel, 'label' | 'agreed' | 'entropy' | 'votes' | 'collaborators'>;

/**
 * The pseudo-label of one example from its collaborators' answers and, where they disagreed, the
 * self-justified one (§3.2).
 *
 * - Agreed: their answer, with the mean of their entropies.
 * - Disagreed: the justification's choice, with the mean entropy of the justification and of the
 *   answers it chose. (Its own alone would not do: a model that was just fine-tuned is sure of
 *   what it says here, however unsure its answers were, and selection would prefer the disagreed.)
 *   A justification that is unreadable or names none of the candidates has chosen nothing; then
 *   the candidate of most votes stands, with the mean entropy of those who gave it.
 * - No readable answer: no label and no entropy.
 *
 * Means are over those that have an entropy. Where not one of the answers carries one (the
 * endpoint gives no log-probabilities), it is the normalised entropy of the votes, in which every
 * unreadable answer counts as a voter of its own opinion.
 */
export function pseudoLabel(
  answers: readonly Reading[],
  justification: Reading | undefined,
  equal: Equality,
): Verdict {
  const { agreed, candidates } = consensus(
    answers.map((answer) => answer.parsed),
    equal,
  );
  const collaborators = answers.length;
  const choice = agreed ? undefined : chosen(justification, candidates, equal);
  const winner = choice ?? candidates[0];
  if (!winner) return { label: null, agreed, entropy: null, votes: 0, collaborators };

  const { answer: label, votes } = winner;
  const supporters = answers.filter(({ parsed }) => parsed !== null && equal(parsed, label));
  const behind: readonly Reading[] =
    choice && justification ? [...supporters, justification] : supporters;
  const entropy = [...answers, ...behind].every((one) => one.entropy === null)
    ? entropyOfVotes(candidates, collaborators)
    : mean(behind.flatMap((one) => one.entropy ?? []));
  return { label, agreed, entropy, votes, collaborators };
}

function chosen(
  justification: Reading | undefined,
  candidates: Candidate[],
  equal: Equality,
): Candidate | undefined {
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
