import { join } from 'node:path';
import { APIError } from 'openai';
import { z } from 'zod';
import { download } from './download.ts';
import type { TrainerEndpoint, WantedWeights, Weights } from './trainer.ts';
import { answerOf } from './wire.ts';

/** Merging takes minutes with a large model; other requests are short. */
const MERGING_MS = 3_600_000;

const name = z.string().regex(/^[\w.-]+$/);
const listing = z.object({
  data: z.array(z.object({ id: name, bytes: z.number() })),
  template: z.record(z.string(), z.json()).default({}),
  license: z.string().nullish(),
});

/**
 * Takes a model's weights from an endpoint that gives them out as the embedded engine does
 * (`models/ID/weights/FORM`), which OpenAI's wire has not.
 */
export async function takeWeights(
  { name: endpoint, client }: Pick<TrainerEndpoint, 'name' | 'client'>,
  { model, form }: WantedWeights,
  folder: string,
  signal?: AbortSignal,
): Promise<Weights> {
  const path = `/models/${encodeURIComponent(model.name)}/weights/${form}`;
  const once = client.withOptions({ timeout: MERGING_MS, maxRetries: 0 });
  const listed = await answerOf(once.get(path, { signal }), (body) => listing.parse(body)).catch(
    (error) => {
      if (error instanceof APIError && [404, 405, 501].includes(error.status ?? 0))
        return undefined;
      throw error;
    },
  );
  if (!listed) return { lacking: `endpoint "${endpoint}" gives no weights of ${model.name} out` };
  try {
    for (const { id } of listed.data)
      await download(client, `${path}/${id}`, join(folder, id), { signal });
  } finally {
    // Merged weights are as large as the base model, and were made for this alone.
    if (form === 'merged') await client.delete(path).catch(() => {});
  }
  const { data, template, license } = listed;
  return {
    ...{ files: data.map(({ id }) => id), library: 'mlx', template },
    ...(license && { license }),
  };
}
