import { z } from 'zod';

/** A vector as 32-bit floats, little-endian, in base64: a third of the bytes, and quick to read. */
const packed = z.base64().transform((text) => {
  const bytes = new Uint8Array(Buffer.from(text, 'base64')); // a copy, which is aligned
  return Array.from(new Float32Array(bytes.buffer, 0, bytes.length >> 2));
});

const embeddings = z.compile(
  z.object({
    data: z.array(
      z.object({
        index: z.number().int(),
        embedding: z.union([z.array(z.number()), packed]).refine((vector) => vector.length > 0),
      }),
    ),
    usage: z.object({ prompt_tokens: z.number().min(0).nullish() }).nullish(),
  }),
);

/**
 * The vectors of an answer to an embedding request, in the order of its texts.
 * @throws ZodError where it is none, or has not one for each of `wanted` texts
 */
export function vectorsOf(
  answer: unknown,
  wanted: number,
): { vectors: number[][]; promptTokens: number | null } {
  const { data, usage } = embeddings.parse(answer);
  if (!isWhole(new Set(data.map(({ index }) => index)), wanted))
    throw new z.ZodError([
      {
        ...{ code: 'custom', path: ['data'], input: data.length },
        message: `not one vector for each of ${wanted} texts`,
      },
    ]);
  const vectors = data.toSorted((a, b) => a.index - b.index).map(({ embedding }) => embedding);
  return { vectors, promptTokens: usage?.prompt_tokens ?? null };
}

const isWhole = (indices: Set<number>, wanted: number): boolean =>
  indices.size === wanted && [...indices].every((index) => index >= 0 && index < wanted);
