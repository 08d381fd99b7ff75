/** The `openai` client does not wait for longer, but asks again before it is time. */
export const LONG_WAIT_MS = 60_000;

/** Milliseconds that `Retry-After` (seconds or a date) or `retry-after-ms` asks for, if any. */
export function retryAfter(headers: Headers): number | undefined {
  const ms = Number(headers.get('retry-after-ms') ?? Number.NaN);
  const value = headers.get('retry-after') ?? '';
  const seconds = value.trim() === '' ? Number.NaN : Number(value);
  const asked = [ms, seconds * 1000, Date.parse(value) - Date.now()].find(Number.isFinite);
  return asked === undefined ? undefined : Math.max(0, asked);
}
