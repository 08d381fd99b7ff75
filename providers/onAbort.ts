/** Who wants to know of a signal. */
const waiting = new WeakMap<AbortSignal, Set<() => void>>();

/**
 * Calls back when the signal aborts, or at once where it has. A batch's signal ends thousands of
 * requests: it is listened to once for all of them, since a signal goes through all its listeners
 * to add another.
 * @returns what takes the callback back
 */
export function onAbort(signal: AbortSignal, callback: () => void): () => void {
  if (signal.aborted) {
    callback();
    return () => {};
  }
  const callbacks = waiting.get(signal) ?? new Set();
  if (!waiting.has(signal)) {
    waiting.set(signal, callbacks);
    signal.addEventListener('abort', () => {
      for (const one of callbacks) one();
    });
  }
  callbacks.add(callback);
  return () => callbacks.delete(callback);
}
