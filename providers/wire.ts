import { z } from 'zod';

/** What is read of an endpoint's answers, checked: proxies and imitations send all sorts of things. */

const tokens = z.number().min(0).nullish();

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
