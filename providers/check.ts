import { APIError } from 'openai';
import { z } from 'zod';
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
 * Asks for the last of the fine-tuning jobs, which costs nothing.
 * @throws the client's error where an endpoint knows of no jobs
 */
export async function findJobs({ client }: Endpoint): Promise<void> {
  await answerOf(client.fineTuning.jobs.list({ limit: 1 }, { maxRetries: 0 }), () => undefined);
}

/** Whether an error of {@link findJobs} says that there is no such thing as jobs. */
export const hasNoJobs = (error: unknown): boolean =>
  error instanceof APIError && [404, 405, 501].includes(error.status ?? 0);

export const noFineTuning = (endpoint: string): string =>
  `endpoint "${endpoint}" has no fine-tuning (no fine_tuning/jobs): name under model.endpoint one that trains, too`;
