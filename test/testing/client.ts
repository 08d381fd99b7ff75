import { afterEach } from 'mocha';
import OpenAI, { toFile } from 'openai';
import { goldAnswer } from '../../testing/model.ts';
import { type Provider, type ProviderOptions, startProvider } from '../../testing/provider.ts';
import { LABELS } from '../../testing/task.ts';

export const MODEL = 'smollm2-135m-instruct';
export const EMBEDDER = 'all-minilm-l6-v2';

const system = { role: 'system' as const, content: `Classify.\nLabels: ${LABELS.join(', ')}` };
export const ask = (question: string) => [system, { role: 'user' as const, content: question }];
export const questions = (from: number, to: number) =>
  Array.from({ length: to - from }, (_, index) => `thing number ${from + index}`);

/** A provider and a client of it that repeats nothing. */
export async function startBoth(
  options: ProviderOptions = {},
  apiKey = 'none',
): Promise<{ provider: Provider; client: OpenAI }> {
  const provider = await startProvider(options);
  return { provider, client: clientOf(provider.baseURL, apiKey) };
}

/** The stand-in that a test of the suite which calls this starts; it is closed after the test. */
export function useStandIn() {
  let provider: Provider;
  afterEach(() => provider.close());
  return {
    get provider(): Provider {
      return provider;
    },
    async start(options?: ProviderOptions, apiKey?: string): Promise<OpenAI> {
      const both = await startBoth(options, apiKey);
      provider = both.provider;
      return both.client;
    },
  };
}

export const clientOf = (baseURL: string, apiKey = 'none') =>
  new OpenAI({ baseURL, apiKey, maxRetries: 0 });

export const upload = async (
  client: OpenAI,
  text: string,
  purpose: OpenAI.FilePurpose = 'fine-tune',
) => client.files.create({ file: await toFile(Buffer.from(text), 'f.jsonl'), purpose });

/** A training file of so many right answers. */
export const trainingFile = (count: number) =>
  questions(0, count)
    .map((question) => ({ role: 'assistant', content: goldAnswer(question, LABELS), question }))
    .map(({ question, ...answer }) => JSON.stringify({ messages: [...ask(question), answer] }))
    .join('\n');

/** For `assert.rejects`: refused with this status. */
export const status = (expected: number) => (error: unknown) =>
  error instanceof OpenAI.APIError && error.status === expected;
