import type { Finding } from '../../core/capabilities.ts';
import { isPossible } from '../completion.ts';
import type { Trial, TriedChoice } from './trial.ts';

/**
 * What answers to tiny requests tell of a model: that an endpoint accepts a field says nothing, what
 * comes of it does. Only what is sure is called a lie.
 */

/** What became of a request: an answer, a refusal of its form, or none of the two. */
export type Outcome = Trial | 'refused' | 'unanswered';

const SUPPORTED: Finding = { verdict: 'supported' };
const REFUSED: Finding = { verdict: 'refused' };
const UNKNOWN: Finding = { verdict: 'unknown', detail: 'not answered' };
const ignored = (detail: string): Finding => ({ verdict: 'ignored', detail });
const unknown = (detail: string): Finding => ({ verdict: 'unknown', detail });

/** The verdict on what was answered; a refusal and silence speak for themselves. */
export function verdictOn(outcome: Outcome, judge: (trial: Trial) => Finding): Finding {
  if (outcome === 'refused') return REFUSED;
  return outcome === 'unanswered' ? UNKNOWN : judge(outcome);
}

/** @param limit the most tokens that were asked for */
export function onLimit({ choices: [choice], completionTokens }: Trial, limit: number): Finding {
  const words = choice!.text.trim().split(/\s+/).length;
  if (completionTokens !== null && completionTokens > limit)
    return ignored(`${completionTokens} tokens where ${limit} were asked for`);
  return words > limit ? ignored(`${words} words where ${limit} tokens were asked for`) : SUPPORTED;
}

/** Fewer values than this may be the same by chance. */
const TELLING = 4;

export function onLogprobs({ choices: [choice] }: Trial): Finding {
  const { tokens, read, thoughts } = choice!;
  if (read.text === '' && thoughts === null) return unknown('nothing was said');
  if (tokens.length === 0) return ignored('none came');
  const values = tokens.map(({ logprob }) => logprob).filter(isPossible);
  if (2 * values.length <= tokens.length) return ignored('values that can be none');
  if (!letters(tokens.map(({ token }) => token).join('')).includes(lettersSaid(choice!)))
    return ignored('for tokens that are not those of the text');
  if (values.length >= TELLING && new Set(values).size === 1)
    return ignored(`${values[0]} for every token`);
  return SUPPORTED;
}

/** Without what tokenizers write for white space and for parts of characters. */
const letters = (text: string): string => text.replace(/[^a-z0-9]/gi, '');

/** Of what came as text; thoughts that came apart may be among the tokens or not. */
const lettersSaid = ({ read, thoughts, text }: TriedChoice): string =>
  letters(thoughts === null ? text : read.text);

/** A little more than 1, for what is rounded. */
const MOST_PROBABILITY = 1.001;

export function onTopLogprobs({ choices: [choice] }: Trial): Finding {
  const { tokens } = choice!;
  const isGood = (top: (number | null)[]) => {
    const values = top.filter(isPossible);
    const sum = values.reduce((total, value) => total + Math.exp(value), 0);
    return values.length >= 2 && sum <= MOST_PROBABILITY;
  };
  const good = tokens.filter(({ top }) => isGood(top)).length;
  return 2 * good > tokens.length
    ? SUPPORTED
    : ignored(`${good} of ${tokens.length} tokens come with two possible values`);
}

/** @param isDrawn whether draws differ from one another; undefined where that is not known */
export function onN({ choices }: Trial, isDrawn: boolean | undefined): Finding {
  if (choices.length < 2) return ignored('one sample where two were asked for');
  return isDrawn && isTwice({ choices }) ? ignored('the same sample twice') : SUPPORTED;
}

/** Whether two samples are one and the same. */
export const isTwice = ({ choices: [first, second] }: Pick<Trial, 'choices'>): boolean =>
  first!.said === second?.said;

/** What was drawn to tell temperature and seed. */
export interface Draws {
  /** At temperature 0, with different seeds. */
  greedy: [Outcome, Outcome];
  /** At temperature 1: the first two with one seed, the third with another. */
  drawn: [Outcome, Outcome, Outcome];
  /** Whether they have seeds: two requests that are one and the same may be answered once. */
  haveSeeds: boolean;
}

/** Whether different seeds give different texts at temperature 1; undefined where that is not known. */
export function isDrawn({ drawn: [first, , other], haveSeeds }: Draws): boolean | undefined {
  const [a, b] = [textIn(first), textIn(other)];
  if (a === undefined || b === undefined) return undefined;
  return a !== b || (haveSeeds ? false : undefined);
}

export function onTemperature(draws: Draws): Finding {
  const { greedy } = draws;
  if (greedy.includes('refused')) return REFUSED;
  const [a, b] = greedy.map(textIn);
  const drawn = isDrawn(draws);
  if (a === undefined || b === undefined) return UNKNOWN;
  if (drawn === undefined) return unknown('no two draws to compare');
  if (!drawn) return ignored('nothing is drawn at temperature 1');
  return isAlike(a, b) ? SUPPORTED : ignored('what is said at temperature 0 is drawn, too');
}

export function onSeed({ drawn }: Draws): Finding {
  if (drawn.includes('refused')) return REFUSED;
  const [a, again, other] = drawn.map(textIn);
  if (a === undefined || again === undefined || other === undefined) return UNKNOWN;
  if (!isAlike(a, again)) return ignored('one seed draws two texts');
  return isAlike(a, other) ? unknown('other seeds draw the same') : SUPPORTED;
}

const textIn = (outcome: Outcome): string | undefined =>
  typeof outcome === 'string' ? undefined : outcome.choices[0]!.said;

/**
 * Whether two texts begin in the same way: where a server batches its requests, rounding may part
 * even two of temperature 0 in the end.
 */
function isAlike(a: string, b: string): boolean {
  const half = Math.ceil(Math.min(a.length, b.length) / 2);
  return a.slice(0, half) === b.slice(0, half);
}

/** What was answered to a question that the system message answers, and in two other ways. */
export interface Heard {
  bySystem: Trial;
  /** Where the system says more: to say nothing would not do, since templates have words of their own. */
  byMore: Outcome;
  /** Where the user says what the system said. */
  byUser: Outcome;
}

/** Whether an answer has a word. */
export const says = ({ choices: [choice] }: Trial, word: string): boolean =>
  choice!.said.toLowerCase().includes(word);

/**
 * A small model may not follow what it has heard: then the tokens of the prompt tell.
 * @param word what the model has been told
 */
export function onSystem({ bySystem, byMore, byUser }: Heard, word: string): Finding {
  if (says(bySystem, word)) return SUPPORTED;
  const [longer, shorter] = [byMore, bySystem].map(tokensOf);
  if (longer != null && shorter != null)
    return longer > shorter
      ? { ...SUPPORTED, detail: 'it is counted; the model does not follow it' }
      : ignored('the prompt has no more tokens where it says more');
  return typeof byUser !== 'string' && says(byUser, word)
    ? ignored('the model follows the same words of the user only')
    : unknown('the model does not follow it');
}

const tokensOf = (outcome: Outcome): number | null =>
  typeof outcome === 'string' ? null : outcome.promptTokens;

/** @param field the one that an object must have, if any */
export function onObject({ choices: [choice] }: Trial, field?: string): Finding {
  const { text, finishReason } = choice!.read;
  if (text === '') return unknown('nothing was said');
  // One that was cut off begins as it should.
  const begins = field ? new RegExp(`^\\{\\s*"${field}"`) : /^\{/;
  if (begins.test(text)) return SUPPORTED;
  if (field && finishReason === 'length' && /^\{\s*$/.test(text)) return unknown('cut off');
  return ignored(text.startsWith('{') ? 'an object of another form' : 'text that is no object');
}
