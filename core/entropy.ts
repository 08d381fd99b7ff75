/** A token of a response. */
export interface Token {
  text: string;
  /** Natural logarithm of its probability; null where the endpoint gives none that can be one. */
  logprob: number | null;
  /** The likeliest tokens in its place, which may be among them, where they were asked for. */
  top?: { text: string; logprob: number }[];
}

/** The log-probabilities of tokens, of which at least one has one. */
export function logprobsOf(tokens: readonly Token[]): number[] {
  return tokens.flatMap(({ logprob }) => logprob ?? []);
}

/**
 * Entropy of one response, H = −(1/L) Σ log p over its L tokens, in nats (§3.3 of the paper).
 * @throws RangeError for a response of no tokens, which has none.
 */
export function meanEntropy(logprobs: readonly number[]): number {
  if (logprobs.length === 0) throw new RangeError('A response of no tokens has no entropy.');
  return 0 - logprobs.reduce((sum, logprob) => sum + logprob, 0) / logprobs.length;
}

/**
 * Probability of one response, exp(Σ log p) over its tokens, 0 to 1: how likely the model was to say
 * just this. That of no tokens is 1.
 */
export function responseProbability(logprobs: readonly number[]): number {
  return Math.exp(logprobs.reduce((sum, logprob) => sum + logprob, 0));
}

/**
 * Entropy of a vote, divided by the most it can be for that many voters, ln(Σ votes): 0 when all
 * chose the same, 1 when no two did. Stands in for the entropy of responses where an endpoint
 * gives no log-probabilities; the two are not on one scale.
 */
export function voteEntropy(votes: readonly number[]): number {
  const voters = votes.reduce((sum, count) => sum + count, 0);
  if (voters < 2) return 0;
  const entropy = votes
    .filter((count) => count > 0)
    .reduce((sum, count) => sum - (count / voters) * Math.log(count / voters), 0);
  return entropy / Math.log(voters);
}
