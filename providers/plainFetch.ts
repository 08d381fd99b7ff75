import { openAsBlob } from 'node:fs';
import { APIConnectionError, APIError } from 'openai';
import { fetcherOfTexts } from './fetch.ts';
import { saidIn } from './said.ts';

/** After so long without anything more of an answer it has broken off. */
const STALLED_MS = 120_000;
const send = fetcherOfTexts(STALLED_MS);

/**
 * A request beside the endpoint's own client, as `fetch` sends it; errors are those of that client.
 * @throws APIError where it is not answered, or with another status than a success or `expected`
 */
export async function plainFetch(
  url: string,
  init: RequestInit,
  expected: readonly number[] = [],
): Promise<Response> {
  return checked(() => fetch(url, init), init.signal, expected);
}

/**
 * Puts a file to an address that is signed for it, read from the disk while it is sent. The
 * endpoint's key stays here: a storage takes the one or the other.
 * @throws APIError where it does not take it
 */
export async function putFile(
  url: string,
  path: string,
  headers: Record<string, string>,
  signal?: AbortSignal,
): Promise<void> {
  const body = await openAsBlob(path);
  await checked(() => send(url, { method: 'PUT', body, headers, signal: signal ?? null }), signal);
}

async function checked(
  sent: () => Promise<Response>,
  signal: AbortSignal | null | undefined,
  expected: readonly number[] = [],
): Promise<Response> {
  const response = await sent().catch((cause) => {
    signal?.throwIfAborted();
    throw new APIConnectionError({ cause });
  });
  const { ok, status, headers } = response;
  if (ok || expected.includes(status)) return response;
  const said = saidIn(await response.json().catch(() => undefined));
  throw APIError.generate(status, said && { error: said }, undefined, headers);
}
