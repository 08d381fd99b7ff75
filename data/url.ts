import { Readable } from 'node:stream';
import { DataUnavailable } from './errors.ts';
import { bounded, broken, LIMITS, Patience } from './patience.ts';

/**
 * The bytes that a URL answers.
 * @param name what messages call it: the URL may hold a secret
 * @throws DataUnavailable for what will not pass, and Error for what may
 */
export async function bytesOfUrl(
  name: string,
  url: URL,
  signal?: AbortSignal,
  limits = LIMITS,
): Promise<Readable> {
  const patience = new Patience(name, limits.stallMs, signal);
  const response = await patience.during(
    fetch(url, { signal: patience.signal }).catch((error) => {
      patience.signal.throwIfAborted();
      throw broken(name, error);
    }),
  );
  if (response.ok && response.body)
    return Readable.from(bounded(response.body, name, patience, limits.maxBytes));
  await response.body?.cancel();
  const problem = `${name}: the server answered ${response.status} ${response.statusText}`;
  const passing = response.status >= 500 || response.status === 429;
  throw passing ? new Error(problem) : new DataUnavailable(`${problem}. Check the URL`);
}
