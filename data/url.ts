import { Readable } from 'node:stream';
import { DataError } from './errors.ts';

/** How long a server may send nothing, and how much it may send in all. */
export interface UrlLimits {
  stallMs: number;
  maxBytes: number;
}
const URL_LIMITS: UrlLimits = { stallMs: 60_000, maxBytes: 4 * 1024 ** 3 };

/**
 * The bytes that a URL answers.
 * @param name what messages call it: the URL may hold a secret
 * @throws DataError for what will not pass, and Error for what may
 */
export async function bytesOfUrl(
  name: string,
  url: URL,
  signal?: AbortSignal,
  limits = URL_LIMITS,
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
  throw passing ? new Error(problem) : new DataError(`${problem}. Check the URL`);
}

/** The connection failed: that may pass. */
function broken(name: string, error: Error): Error {
  const reason = (error.cause as Error | undefined)?.message ?? error.message;
  return new Error(`${name}: ${reason}. Check the URL, or try again later`);
}

/** Ends what waits for a server that sends nothing any more. */
class Patience {
  /** Aborts when it is at its end, or with the signal that was given. */
  readonly signal: AbortSignal;
  readonly #controller = new AbortController();
  readonly #name: string;
  readonly #ms: number;

  constructor(name: string, ms: number, signal?: AbortSignal) {
    const own = this.#controller.signal;
    this.signal = signal ? AbortSignal.any([signal, own]) : own;
    this.#name = name;
    this.#ms = ms;
  }

  async during<T>(waiting: Promise<T>): Promise<T> {
    const problem = `${this.#name}: the server has sent nothing for ${this.#ms / 1_000} s. Try again later, or download the file and name it`;
    const timer = setTimeout(() => this.#controller.abort(new Error(problem)), this.#ms);
    try {
      return await waiting;
    } finally {
      clearTimeout(timer);
    }
  }
}

async function* bounded(
  body: AsyncIterable<Uint8Array>,
  name: string,
  patience: Patience,
  maxBytes: number,
): AsyncGenerator<Uint8Array> {
  const chunks = body[Symbol.asyncIterator]();
  let total = 0;
  try {
    for (;;) {
      const { done, value } = await patience.during(chunks.next()).catch((error) => {
        patience.signal.throwIfAborted();
        throw broken(name, error);
      });
      if (done) return;
      total += value.length;
      if (total > maxBytes) {
        throw new DataError(
          `${name}: the server has sent more than ${maxBytes} bytes, the most that a URL may give. Download the file and name it`,
        );
      }
      yield value;
    }
  } finally {
    await chunks.return?.();
  }
}
