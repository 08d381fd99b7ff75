import { APIConnectionError, APIError, type OpenAI } from 'openai';
import type { Endpoint } from './endpoint.ts';

/** Whom the embedded engine says that its models belong to: it alone keeps aliases. */
const ENGINE = 'semievol';

/** The name under which a run's champion is served, whichever model that is. */
export const aliasOf = (run: string): string => `${ENGINE}:${run}`;

/**
 * Lets an alias stand for a model from now on, where the endpoint is the embedded engine.
 * @returns whether it is
 * @throws the endpoint's failure where it cannot be asked now
 */
export async function pointAlias(
  endpoint: Endpoint,
  alias: string,
  model: string,
): Promise<boolean> {
  const { client } = endpoint;
  try {
    if (!(await isOfEngine(client, model))) return false;
    await client.put(`/aliases/${encodeURIComponent(alias)}`, { body: { model } });
    return true;
  } catch (error) {
    throw endpoint.failure(error, model);
  }
}

/** Hosts of other kinds may not know the address, or not answer it to everyone. */
async function isOfEngine(client: OpenAI, model: string): Promise<boolean> {
  try {
    return (await client.models.retrieve(model)).owned_by === ENGINE;
  } catch (error) {
    if (error instanceof APIConnectionError) throw error;
    if (error instanceof APIError && (error.status ?? 500) < 500) return false;
    throw error;
  }
}
