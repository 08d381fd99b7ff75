import { APIError, type OpenAI } from 'openai';

/**
 * Whether a tuned model answers, found out by the smallest question there is: lists show a model
 * before it does. All but "no such model" is left to those who ask in earnest. Where the endpoint
 * has no answer for the base either, it serves no models, and nothing can be found out.
 */
export async function isServed(
  client: OpenAI,
  model: string,
  base: string,
  signal?: AbortSignal,
): Promise<boolean> {
  const refusal = await refusalOf(client, model, signal);
  if (!refusal) return true;
  const isAboutIt = refusal.code === 'model_not_found' || refusal.message.includes(model);
  return !isAboutIt && (await refusalOf(client, base, signal)) !== undefined;
}

/** In either name; some servers refuse the one, and say so before they look for the model. */
const SMALLEST = [{ max_tokens: 1 }, { max_completion_tokens: 1 }];

/** That there is no such model, or nothing to ask; undefined where it may answer. */
async function refusalOf(
  client: OpenAI,
  model: string,
  signal?: AbortSignal,
): Promise<APIError | undefined> {
  const messages = [{ role: 'user' as const, content: 'Hello' }];
  for (const most of SMALLEST)
    try {
      await client.chat.completions.create({ model, messages, ...most }, { signal, maxRetries: 0 });
      return undefined;
    } catch (error) {
      signal?.throwIfAborted();
      if (!(error instanceof APIError)) return undefined;
      if (error.status === 404 || error.code === 'model_not_found') return error;
      if (error.status !== 400 && error.status !== 422) return undefined;
    }
  return undefined;
}
