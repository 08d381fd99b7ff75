import type { FastifyInstance } from 'fastify';
import type { OpenAI } from 'openai';
import type { Models } from './models.ts';
import { digest, Refusal, tokens } from './wire.ts';

export const DIMENSION = 32;

/** A bag of words, each hashed to a signed coordinate, at length 1: texts that share words are near. */
export function embed(text: string): Float32Array {
  const vector = new Float32Array(DIMENSION);
  for (const word of text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? []) {
    const hash = Number.parseInt(digest(word).slice(0, 8), 16);
    vector[hash % DIMENSION]! += hash & 0x400 ? 1 : -1;
  }
  const length = Math.hypot(...vector);
  if (length === 0) vector[0] = 1;
  else for (let i = 0; i < DIMENSION; i++) vector[i]! /= length;
  return vector;
}

type Params = OpenAI.EmbeddingCreateParams;

/**
 * Answers a request, wherever it comes from.
 * @param scripted the vector of a text; undefined: that of `embed`
 * @throws Refusal
 */
export function answerEmbeddings(
  body: Params,
  models: Models,
  scripted: (text: string) => number[] | undefined,
): object {
  models.check(body.model, 404);
  const texts = [body.input].flat() as string[];
  if (
    texts.length === 0 ||
    texts.length > 2048 ||
    texts.some((text) => typeof text !== 'string' || text === '')
  )
    throw new Refusal(400, 'invalid_input', '1 to 2048 texts that are not empty, please.', {
      param: 'input',
    });
  const vectorOf = (text: string) => Float32Array.from(scripted(text) ?? embed(text));
  const count = texts.reduce((sum, text) => sum + tokens(text).length, 0);
  return {
    object: 'list',
    model: body.model,
    data: texts.map((text, index) => ({
      object: 'embedding',
      index,
      embedding: encode(vectorOf(text), body.encoding_format),
    })),
    usage: { prompt_tokens: count, total_tokens: count },
  };
}

export function embeddingRoutes(app: FastifyInstance, answer: (params: Params) => object): void {
  app.post<{ Body: Params }>('/embeddings', async ({ body }) => answer(body));
}

function encode(vector: Float32Array, format = 'float'): number[] | string {
  return format === 'base64' ? Buffer.from(vector.buffer).toString('base64') : [...vector];
}
