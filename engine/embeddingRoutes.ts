import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import type { Catalog } from './catalog.ts';
import type { PythonService } from './pythonProcess.ts';
import { EMBEDDING_MODEL } from './settings.ts';
import { parse } from './validation.ts';

const embeddingRequest = z.object({
  model: z.string(),
  input: z.union(
    [z.string().min(1), z.array(z.string().min(1)).min(1).max(2048)],
    'must be a text or a list of 1 to 2048 texts, none empty',
  ),
  encoding_format: z.enum(['float', 'base64']).nullish(),
  dimensions: z
    .literal(EMBEDDING_MODEL.dimensions, `the model has ${EMBEDDING_MODEL.dimensions} dimensions`)
    .nullish(),
});

export const embeddingRoutes = (
  app: FastifyInstance,
  { catalog, embedder }: { catalog: Catalog; embedder: PythonService },
): void => {
  app.post('/embeddings', async ({ body }) => {
    const { model, input, encoding_format } = parse(embeddingRequest, body);
    catalog.checkEmbeddingModel(model);
    const texts = [input].flat();
    const { vectors, tokens } = await embedder.request({ texts });
    const bytes = Buffer.from(vectors, 'base64');
    const width = bytes.length / texts.length;
    const data = texts.map((_, index) => {
      const vector = bytes.subarray(index * width, (index + 1) * width);
      const embedding = encoding_format === 'base64' ? vector.toString('base64') : floats(vector);
      return { object: 'embedding', index, embedding };
    });
    const usage = { prompt_tokens: tokens, total_tokens: tokens };
    return { object: 'list', model, data, usage };
  });
};

const floats = (bytes: Buffer): number[] =>
  Array.from({ length: bytes.length / 4 }, (_, i) => bytes.readFloatLE(4 * i));
