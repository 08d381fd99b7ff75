import { logprobsOf, meanEntropy, responseProbability, type Token } from './entropy.ts';
import type { AnswerForm } from './spec.ts';
import { answerTokens } from './tasks/reasoned.ts';

/** What a model said, with its tokens. */
export interface Said {
  text: string;
  /** Those of the text; null where no log-probability is known. */
  tokens: readonly Token[] | null;
  /** Those of thoughts, too. */
  allTokens: readonly Token[] | null;
}

/** How sure a model was of what it said. */
export interface Certainty {
  /** Mean negative log-probability a token, in nats (§3.3 of the paper); null where none are known. */
  entropy: number | null;
  /** Of the answer, 0 to 1; the same. */
  probability: number | null;
}

/**
 * How sure a model was: the entropy as the spec wants it, of the whole response (with thoughts that
 * are kept) or of the answer's tokens; the probability of the answer, without reasons before it.
 */
export function certaintyOf(
  { text, tokens, allTokens }: Said,
  { entropy, thoughts }: Pick<AnswerForm, 'entropy' | 'thoughts'>,
  isReasoned: boolean,
): Certainty {
  const isOfAnswer = entropy === 'answer';
  const answer = tokens && (isReasoned || isOfAnswer) ? answerTokens(text, tokens) : tokens;
  const whole = thoughts === 'keep' ? allTokens : tokens;
  return {
    entropy: of(isOfAnswer ? answer : whole, meanEntropy),
    probability: of(isReasoned ? answer : tokens, responseProbability),
  };
}

function of(
  tokens: readonly Token[] | null,
  measure: (logprobs: readonly number[]) => number,
): number | null {
  const logprobs = tokens ? logprobsOf(tokens) : [];
  return logprobs.length > 0 ? measure(logprobs) : null;
}
