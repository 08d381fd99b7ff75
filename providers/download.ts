import { createWriteStream } from 'node:fs';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { OpenAI } from 'openai';
import { plainFetch } from './plainFetch.ts';

/**
 * Takes a file of any size from an endpoint, whose own `fetch` reads texts.
 * @throws APIError where it is not given
 */
export async function download(
  client: OpenAI,
  path: string,
  file: string,
  { signal, query }: { signal?: AbortSignal | undefined; query?: Record<string, string> } = {},
): Promise<void> {
  const asked = client.withOptions({ fetch }).get(path, { signal, query });
  await save(await asked.asResponse(), file, signal);
}

/**
 * The same of an address that is signed for it: the endpoint's key stays here.
 * @throws APIError where it is not given
 */
export async function downloadSigned(
  url: string,
  file: string,
  signal?: AbortSignal,
): Promise<void> {
  await save(await plainFetch(url, { signal: signal ?? null }), file, signal);
}

async function save({ body }: Response, file: string, signal?: AbortSignal): Promise<void> {
  const content = Readable.fromWeb(body as Parameters<typeof Readable.fromWeb>[0]);
  await pipeline(content, createWriteStream(file), { ...(signal && { signal }) });
}
