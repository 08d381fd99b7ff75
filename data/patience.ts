import { DataError } from './errors.ts';

/** How long a server may send nothing, and how much it may send in all. */
export interface Limits {
  stallMs: number;
  maxBytes: number;
}
export const LIMITS: Limits = { stallMs: 60_000, maxBytes: 4 * 1024 ** 3 };

/** The connection failed: that may pass. */
export function broken(name: string, error: Error): Error {
  const reason = (error.cause as Error | undefined)?.message ?? error.message;
  return new Error(`${name}: ${reason}. Check the URL, or try again later`);
}

/** Ends what waits for a server that sends nothing any more. */
export class Patience {
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

/** The same bytes, as long as they keep coming and are not too many. */
export async function* bounded(
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
