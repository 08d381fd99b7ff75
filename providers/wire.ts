import { z } from 'zod';

/** What is read of an endpoint's answers, checked: proxies and imitations send all sorts of things. */

/** One sample. Token counts of a request stand on its first sample, so that sums are right. */
export interface ChatSample {
  text: string;
  /** Natural log-probabilities of the sampled tokens; null where the endpoint gives none. */
  logprobs: number[] | null;
  finishReason: string;
  promptTokens: number;
  cachedTokens: number;
  completionTokens: number;
}

const tokens = z.number().min(0).nullish();

/** What is read of a chat completion. Endpoints differ in what they leave out or set to null. */
const completion = z.object({
  choices: z
    .array(
      z.object({
        message: z.object({ content: z.string().nullish() }),
        finish_reason: z.string().nullish(),
        logprobs: z
          .object({ content: z.array(z.object({ logprob: z.number() })).nullish() })
          .nullish(),
      }),
    )
    .min(1),
  usage: z
    .object({
      prompt_tokens: tokens,
      completion_tokens: tokens,
      prompt_tokens_details: z.object({ cached_tokens: tokens }).nullish(),
    })
    .nullish(),
});

/** An answer with some, but fewer samples than were asked for: a repetition would be no other. */
export class TooFewSamples extends Error {
  override name = 'TooFewSamples';
}

/**
 * The samples of a chat completion.
 * @throws ZodError where it is none, TooFewSamples where it has fewer than `wanted`
 */
export function samplesOf(answer: unknown, wanted: number): ChatSample[] {
  const { choices, usage } = completion.parse(answer);
  if (choices.length < wanted)
    throw new TooFewSamples(
      `gave ${choices.length} of the ${wanted} samples asked for: set supportsN: false in temporal.config.ts where "n" is ignored`,
    );
  return choices.slice(0, wanted).map(({ message, logprobs, finish_reason }, index) => {
    const paid = index === 0 ? usage : undefined;
    return {
      text: message.content ?? '',
      logprobs: logprobs?.content?.map((token) => token.logprob) ?? null,
      finishReason: finish_reason ?? 'unknown',
      promptTokens: paid?.prompt_tokens ?? 0,
      cachedTokens: paid?.prompt_tokens_details?.cached_tokens ?? 0,
      completionTokens: paid?.completion_tokens ?? 0,
    };
  });
}

/** Stands for a sample of a request that the endpoint will not answer: an unreadable answer. */
export function unanswered(reason: string): ChatSample {
  return {
    text: '',
    logprobs: null,
    finishReason: reason,
    promptTokens: 0,
    cachedTokens: 0,
    completionTokens: 0,
  };
}

const embeddings = z.object({
  data: z.array(z.object({ index: z.number().int(), embedding: z.array(z.number()).min(1) })),
  usage: z.object({ prompt_tokens: tokens }).nullish(),
});

/**
 * The vectors of an answer to an embedding request, in the order of its texts.
 * @throws ZodError where it is none, or has not one for each of `wanted` texts
 */
export function vectorsOf(
  answer: unknown,
  wanted: number,
): { vectors: number[][]; promptTokens: number } {
  const { data, usage } = embeddings
    .refine(({ data }) => new Set(data.map(({ index }) => index)).size === wanted, {
      path: ['data'],
      error: `not one vector for each of ${wanted} texts`,
    })
    .parse(answer);
  const vectors = data.toSorted((a, b) => a.index - b.index).map(({ embedding }) => embedding);
  return { vectors, promptTokens: usage?.prompt_tokens ?? 0 };
}

/** What a list call of the `openai` client resolves to. */
interface Listed<T> {
  iterPages(): AsyncIterable<{ getPaginatedItems(): T[] }>;
}

const listing = z.object({ body: z.object({ data: z.array(z.unknown()) }) });

/**
 * The items of all pages of a list. The client takes whatever is no page, such as a proxy's excuse,
 * for an empty one; what is not there would then be made a second time.
 * @throws ZodError where an answer is no page
 */
export async function* itemsOf<T>(listed: PromiseLike<Listed<T>>): AsyncGenerator<T> {
  for await (const page of (await listed).iterPages()) {
    listing.parse(page);
    yield* page.getPaginatedItems();
  }
}

const made = z.object({ id: z.string().min(1) });

/** The id of what was made. @throws ZodError where the answer has none */
export function idOf(answer: unknown): string {
  return made.parse(answer).id;
}

const job = z.object({ id: z.string().min(1), status: z.string() });

/** @throws ZodError where an answer is no job */
export function checkJob(answer: unknown): void {
  job.parse(answer);
}
