import { z } from 'zod';
import type { ThoughtsPlace } from '../core/capabilities.ts';
import type { Token } from '../core/entropy.ts';
import { SemiEvolError } from '../core/errors.ts';
import { answerSpan, firstMark } from '../core/thoughts.ts';

/** What is read of a chat completion. What a model was paid for is kept, whatever else is odd. */

/** One sample. Token counts of a request stand on its first sample, so that sums are right. */
export interface ChatSample {
  /** The answer, without thoughts; empty where there is none, or where it was refused. */
  text: string;
  /** What the model thought before the answer, with the marks of a thought; empty where nothing. */
  thoughts: string;
  /** The answer's tokens, at least one with a log-probability; null where none is known. */
  tokens: Token[] | null;
  /** The same with those of its thoughts, where the endpoint has them. */
  allTokens: Token[] | null;
  /**
   * `stop`, `length` where the text was cut off, `content_filter` or `refusal` where there is none
   * for such a reason; else what the endpoint says.
   */
  finishReason: string;
  /** Token counts are null where the endpoint does not tell them. */
  promptTokens: number | null;
  cachedTokens: number | null;
  completionTokens: number | null;
}

const count = z.number().min(0).nullish().catch(null);

const anything = z.unknown().optional();

/** A part of a content that comes in parts; those of other types (thoughts) are no text. */
const part = z.object({
  type: z.string().default('text'),
  text: z.string().nullish(),
  refusal: anything,
  thinking: anything,
});

/** Where servers put thoughts that they take out of the content. */
const THOUGHT_FIELDS = ['reasoning_content', 'reasoning', 'reasoning_details', 'thinking'] as const;

export const message = z.object({
  content: z.union([z.string(), z.array(part)]).nullish(),
  refusal: anything,
  reasoning_content: anything,
  reasoning: anything,
  reasoning_details: anything,
  thinking: anything,
} satisfies Record<'content' | 'refusal' | (typeof THOUGHT_FIELDS)[number], z.ZodType>);

/** The text of a token tells where the answer begins; its log-probability may be anything. */
const one = { token: z.string().catch(''), logprob: z.number().nullish().catch(null) };
const token = z.object({
  ...one,
  top_logprobs: z.array(z.object(one)).nullish().catch(null),
});

/** Endpoints differ in what they leave out or set to null. Compiled, since it reads every answer. */
const completion = z.compile(
  z.object({
    choices: z
      .array(
        z.object({
          message,
          /** Set where the model behind a gateway broke off: then there is no answer to be kept. */
          error: z.null().optional(),
          finish_reason: z.string().nullish().catch(null),
          logprobs: z
            .object({ content: z.array(token).nullish() })
            .nullish()
            .catch(null),
        }),
      )
      .min(1),
    usage: z
      .object({
        prompt_tokens: count,
        completion_tokens: count,
        prompt_tokens_details: z.object({ cached_tokens: count }).nullish().catch(null),
      })
      .nullish()
      .catch(null),
  }),
);

type Completion = z.output<typeof completion>;
type Message = z.output<typeof message>;
type Part = z.output<typeof part>;
type SentToken = z.output<typeof token>;

/** An answer with some, but fewer samples than were asked for: a repetition would be no other. */
export class TooFewSamples extends SemiEvolError {
  override readonly name = 'TooFewSamples';
}

/**
 * The samples of a chat completion.
 * @param place where the model is known to put its thoughts
 * @throws ZodError where it is none, TooFewSamples where it has fewer than `wanted`
 */
export function samplesOf(
  answer: unknown,
  wanted: number,
  place?: ThoughtsPlace | null,
): ChatSample[] {
  const { choices, usage } = completion.parse(answer);
  if (choices.length < wanted)
    throw new TooFewSamples(
      `gave ${choices.length} of the ${wanted} samples asked for: set supportsN: false in temporal.config.ts where "n" is ignored`,
    );
  return choices.slice(0, wanted).map((choice, index) => ({
    ...spoken(choice, place),
    ...(index === 0 ? paid(usage) : NOTHING_PAID),
  }));
}

/** Stands for a sample of a request that the endpoint will not answer: an unreadable answer. */
export function unanswered(reason: string): ChatSample {
  return { ...NOTHING_SAID, finishReason: reason, ...NOTHING_PAID };
}

const NOTHING_SAID = { text: '', thoughts: '', tokens: null, allTokens: null };
const NOTHING_PAID = { promptTokens: 0, cachedTokens: 0, completionTokens: 0 };

function paid(usage: Completion['usage']) {
  const promptTokens = usage?.prompt_tokens ?? null;
  // Where nothing is said of a cache, nothing was cheaper for it.
  const cachedTokens = usage?.prompt_tokens_details?.cached_tokens ?? 0;
  return {
    promptTokens,
    cachedTokens: promptTokens === null ? null : cachedTokens,
    completionTokens: usage?.completion_tokens ?? null,
  };
}

/** What a choice says. What a filter or the model itself held back is no answer, nor its rest. */
function spoken(
  { message, finish_reason, logprobs }: Completion['choices'][number],
  usualPlace?: ThoughtsPlace | null,
) {
  const finishReason = isRefused(message) ? 'refusal' : reasonOf(finish_reason);
  const said = textOf(message);
  // What was cut before the mark that closes a thought which nothing opens is all thought.
  const isThought =
    usualPlace === 'text-unopened' && finishReason === 'length' && firstMark(said) === undefined;
  if (finishReason === 'content_filter' || finishReason === 'refusal' || isThought)
    return { ...NOTHING_SAID, finishReason };
  const answer = answerSpan(said);
  const text = said.slice(answer.from, answer.to);
  const place = thoughtsIn(message, said, answer);
  const sent = logprobs?.content ?? [];
  const answered = answerTokens(sent, text, place !== null);
  const tokens = known(answered);
  return {
    text,
    thoughts: place === null ? '' : thoughtsOf(message, said.slice(0, answer.from)),
    tokens,
    allTokens: answered === sent ? tokens : known(sent),
    finishReason,
  };
}

/** The reasons that matter, in the spellings of other wires, which gateways pass on. */
const REASONS: Record<string, RegExp> = {
  length: /^(length|max_(output_)?tokens|model_length)$/i,
  content_filter: /^(content_?filter|safety|recitation|prohibited|blocklist|sensitive|guardrail)/i,
  refusal: /^refus/i,
};

function reasonOf(given: string | null | undefined): string {
  if (!given) return 'unknown';
  const known = Object.entries(REASONS).find(([, spellings]) => spellings.test(given));
  return known?.[0] ?? given;
}

function isRefused({ content, refusal }: Message): boolean {
  return Boolean(refusal) || (Array.isArray(content) && content.some((one) => one.refusal));
}

const isText = ({ type }: Part) => type === 'text' || type === 'output_text';

/** The text of a message, with the thoughts that are in it. */
export function textOf({ content }: Message): string {
  if (!Array.isArray(content)) return content ?? '';
  return content
    .filter(isText)
    .map(({ text }) => text ?? '')
    .join('');
}

/**
 * Where a message has thoughts; null where it has none.
 * @param said its text
 * @param answer where in that the answer stands
 */
export function thoughtsIn(
  message: Message,
  said: string,
  answer = answerSpan(said),
): ThoughtsPlace | null {
  const { content } = message;
  if (THOUGHT_FIELDS.some((name) => isThere(message[name]))) return 'field';
  if (Array.isArray(content) && !content.every(isText)) return 'parts';
  if (said.slice(answer.from, answer.to) === said.trim()) return null;
  return firstMark(said) === 'close' ? 'text-unopened' : 'text';
}

function isThere(thoughts: unknown): boolean {
  if (typeof thoughts === 'string') return thoughts.trim() !== '';
  return Array.isArray(thoughts) ? thoughts.length > 0 : Boolean(thoughts);
}

/** The thoughts of a message: as they stand before its answer, else as the models of most houses mark them. */
function thoughtsOf(message: Message, before: string): string {
  if (before.trim() !== '') return before.trim();
  const { content } = message;
  const apart = [
    ...(Array.isArray(content) ? content.filter((one) => !isText(one)) : []),
    THOUGHT_FIELDS.map((name) => wordsOf(message[name])).find(Boolean),
  ];
  const words = apart.map(wordsOf).filter(Boolean).join('\n');
  return words && `<think>\n${words}\n</think>`;
}

/** The words of a thought in whichever form: a text, or parts with texts. */
function wordsOf(thought: unknown): string {
  if (typeof thought === 'string') return thought.trim();
  if (Array.isArray(thought)) return thought.map(wordsOf).filter(Boolean).join('\n');
  if (typeof thought !== 'object' || thought === null) return '';
  const { text, thinking, summary, content } = thought as Record<string, unknown>;
  return wordsOf(text ?? thinking ?? summary ?? content);
}

/**
 * The tokens of the answer. Where the model thought, its thoughts are among the tokens of some
 * servers, also where they are not in the content; where the answer cannot be told from them, none.
 */
function answerTokens(tokens: SentToken[], answer: string, hasThoughts: boolean): SentToken[] {
  const said = tokens.map(({ token }) => token).join('');
  const { from, to } = answerSpan(said);
  if (!hasThoughts && said.slice(from, to) === said.trim()) return tokens;
  if (answer === '' || !said.startsWith(answer, from)) return [];
  let end = 0;
  return tokens.filter(({ token }) => {
    const start = end;
    end += token.length;
    return end > from && start < to;
  });
}

/** What servers write for "impossible", since JSON has no infinity. */
const CLAMP = -9999;

/** Whether a value can be a log-probability. */
export const isPossible = (value: number | null | undefined): value is number =>
  value != null && value <= 0 && value > CLAMP;

/** The tokens with those values that can be log-probabilities; null where there are none. */
function known(tokens: SentToken[]): Token[] | null {
  const all = tokens.map(({ token, logprob, top_logprobs }): Token => {
    const top = (top_logprobs ?? []).flatMap((other) =>
      isPossible(other.logprob) ? { text: other.token, logprob: other.logprob } : [],
    );
    return {
      text: token,
      logprob: isPossible(logprob) ? logprob : null,
      ...(top.length > 0 && { top }),
    };
  });
  return all.some(({ logprob }) => logprob !== null) ? all : null;
}
