import { isObject } from '../../core/json.ts';

/** Statuses that say nothing of the request itself: it is worth to be sent again as it is. */
const PASSING = new Set([408, 409, 425, 429]);

/** What became of a row: the body of its answer, or whether the provider refused it as it is. */
export type RowOutcome = { body: unknown } | 'refused' | 'unanswered';

/** A row of a file of requests. */
export function requestLine(id: string, path: string, body: object): Buffer {
  return Buffer.from(`${JSON.stringify({ custom_id: id, method: 'POST', url: path, body })}\n`);
}

/**
 * A row of an output or error file; undefined for what is none. A row that has neither a status nor
 * a word for the batch's own end was refused.
 */
export function readRow(line: string): { id: string; outcome: RowOutcome } | undefined {
  const row = parsed(line);
  if (!isObject(row) || typeof row.custom_id !== 'string') return undefined;
  return { id: row.custom_id, outcome: outcomeOf(row) };
}

function outcomeOf({ response, error }: Record<string, unknown>): RowOutcome {
  const status = isObject(response) ? Number(response.status_code) : Number.NaN;
  if (isObject(response) && status >= 200 && status < 300) return { body: response.body };
  if (status >= 400 && status < 500 && !PASSING.has(status)) return 'refused';
  if (status >= 400) return 'unanswered';
  const code = isObject(error) ? String(error.code ?? '') : '';
  return /expired|cancell?ed|timeout|server_error|rate_limit/i.test(code) || !isObject(error)
    ? 'unanswered'
    : 'refused';
}

function parsed(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}
