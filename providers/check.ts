import { z } from 'zod';
import type { NeededModel } from '../core/neededModels.ts';
import type { Endpoint } from './endpoint.ts';
import { answerOf } from './wire.ts';

/** How long a list may take, in milliseconds. */
const LIST_TIMEOUT_MS = 10_000;

/** A model in a list, and what lists tell of it. */
export interface ListedModel {
  name: string;
  /** Tokens of prompt and answer together. */
  contextLength?: number;
  /** When it is shut down, as it stands there. */
  shutdown?: string;
}

/** What lists call the most tokens of a model, and the day on which it goes. */
const CONTEXT_FIELDS = [
  ...['context_length', 'max_model_len', 'max_context_length', 'context_window'],
  ...['max_context_window', 'n_ctx', 'max_input_tokens'],
];
const SHUTDOWN_FIELDS = [
  ...['shutdown_date', 'deprecation', 'deprecation_date', 'deprecated_at', 'retirement_date'],
  ...['sunset_date', 'expiration_date'],
];

const named = z.union([
  z.string().transform((name): ListedModel => ({ name })),
  z.looseObject({ id: z.string() }).transform((fields) => listed(fields.id, fields)),
  z.looseObject({ name: z.string() }).transform((fields) => listed(fields.name, fields)),
]);
/** OpenAI's form, and those of servers that have others. */
const listing = z.union([
  z.array(named),
  z.object({ data: z.array(named) }).transform(({ data }) => data),
  z.object({ models: z.array(named) }).transform(({ models }) => models),
]);

/** A model by the fields of its entry, or of an object in it, as llama.cpp's `meta`. */
function listed(name: string, entry: Record<string, unknown>): ListedModel {
  const inside = Object.values(entry).filter((value) => typeof value === 'object');
  const fields: Record<string, unknown> = Object.assign({}, ...inside, entry);
  const [contextLength] = CONTEXT_FIELDS.flatMap((field) => tokensIn(fields[field]));
  const [shutdown] = SHUTDOWN_FIELDS.flatMap((field) => dateIn(fields[field]));
  return { name, ...(contextLength && { contextLength }), ...(shutdown && { shutdown }) };
}

function tokensIn(value: unknown): number[] {
  const tokens = typeof value === 'string' ? Number(value) : value;
  return typeof tokens === 'number' && Number.isSafeInteger(tokens) && tokens > 0 ? [tokens] : [];
}

/** A day, from a text that is a date, or from the seconds of an epoch. */
function dateIn(value: unknown): string[] {
  const isSeconds = typeof value === 'number' && value > 0;
  if (!isSeconds && typeof value !== 'string') return [];
  const date = new Date(isSeconds ? 1000 * value : value);
  return Number.isNaN(date.getTime()) ? [] : [date.toISOString().slice(0, 10)];
}

/**
 * The models that an endpoint says it has. Some list not all they have, and some under other names:
 * it is a hint.
 * @throws UnreadableAnswer, or the client's error, where it gives no list
 */
export function listModels({ client }: Endpoint): Promise<ListedModel[]> {
  const asked = client.get<unknown>('/models', { maxRetries: 0, timeout: LIST_TIMEOUT_MS });
  return answerOf(asked, (body) => listing.parse(body));
}

/** A model as it is listed, if it is; Ollama lists it with a tag. */
export const findListed = (model: string, list: readonly ListedModel[]): ListedModel | undefined =>
  list.find(({ name }) => name === model || name === `${model}:latest`);

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
