import { z } from 'zod';
import type { NeededModel } from '../core/neededModels.ts';
import type { Endpoint } from './endpoint.ts';
import { answerOf } from './wire.ts';

/** How long a list may take, in milliseconds. */
const LIST_TIMEOUT_MS = 10_000;

const named = z.union([
  z.string(),
  z.looseObject({ id: z.string() }).transform(({ id }) => id),
  z.looseObject({ name: z.string() }).transform(({ name }) => name),
]);
/** OpenAI's form, and those of servers that have others. */
const listing = z.union([
  z.array(named),
  z.object({ data: z.array(named) }).transform(({ data }) => data),
  z.object({ models: z.array(named) }).transform(({ models }) => models),
]);

/**
 * The models that an endpoint says it has. Some list not all they have, and some under other names:
 * it is a hint.
 * @throws UnreadableAnswer, or the client's error, where it gives no list
 */
export function listModels({ client }: Endpoint): Promise<string[]> {
  const asked = client.get<unknown>('/models', { maxRetries: 0, timeout: LIST_TIMEOUT_MS });
  return answerOf(asked, (body) => listing.parse(body));
}

/** Whether a list has a model; Ollama lists it with a tag. */
export const isListed = (model: string, listed: readonly string[]): boolean =>
  listed.includes(model) || listed.includes(`${model}:latest`);

/**
 * Asks a model for next to nothing, in each way in which it will be asked; learns which form it takes.
 * @throws the client's error where it takes none
 */
export async function probeModel(endpoint: Endpoint, model: NeededModel): Promise<void> {
  if (model.kind === 'embedding') await endpoint.probeEmbedding(model.name);
  else
    for (const sampling of model.samplings)
      await endpoint.probeChat(model.name, { sampling, samples: 2 });
}
