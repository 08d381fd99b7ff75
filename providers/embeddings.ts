import { z } from 'zod';

/** A vector as 32-bit floats, little-endian, in base64: a third of the bytes, and quick to read. */
const packed = z.base64().transform((text) => {
  const bytes = Buffer.from(text, 'base64');
  return Array.from({ length: bytes.length >> 2 }, (_, at) => bytes.readFloatLE(4 * at));
});

const embeddings = z.object({
  data: z.array(
    z.object({
      index: z.number().int(),
      embedding: z.union([z.array(z.number()), packed]).refine((vector) => vector.length > 0),
    }),
  ),
  usage: z.object({ prompt_tokens: z.number().min(0).nullish() }).nullish(),
});

/**
 * The vectors of an answer to an embedding request, in the order of its texts.
 * @throws ZodError where it is none, or has not one for each of `wanted` texts
 */
export function vectorsOf(
  answer: unknown,
  wanted: number,
): { vectors: number[][]; promptTokens: number | null } {
  const { data, usage } = embeddings
    .refine(({ data }) => isWhole(new Set(data.map(({ index }) => index)), wanted), {
      path: ['data'],
      error: `not one vector for each of ${wanted} texts`,
    })
    .parse(answer);
  const vectors = data.toSorted((a, b) => a.index - b.index).map(({ embedding }) => embedding);
  return { vectors, promptTokens: usage?.prompt_tokens ?? null };
}

const isWhole = (indices: Set<number>, wanted: number): boolean =>
  indices.size === wanted && [...indices].every((index) => index >= 0 && index < wanted);
