import { onAbort } from './onAbort.ts';

/** The promise's outcome, unless the signal aborts before. @throws the signal's reason */
export async function settled<T>(promise: Promise<T>, signal?: AbortSignal): Promise<T> {
  if (!signal) return promise;
  signal.throwIfAborted();
  const aborted = Promise.withResolvers<never>();
  const end = onAbort(signal, () => aborted.reject(signal.reason));
  try {
    return await Promise.race([promise, aborted.promise]);
  } finally {
    end();
  }
}
