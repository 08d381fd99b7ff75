import { APIError } from 'openai';
import { isObject } from '../core/json.ts';
import { LONG_WAIT_MS, retryAfter } from './retryAfter.ts';

/** What an endpoint says of a request that it refuses or fails. */
export interface Said {
  message?: string;
  code?: string;
  param?: string;
}

type Fields = Record<string, unknown>;

/**
 * What a provider says in the body of an error, in whichever of the common forms: OpenAI's
 * `{ error: {…} }`, TGI's `{ error: "…" }`, vLLM's `{ object: "error", message }`, FastAPI's
 * `{ detail }`, Mistral's `{ message: { detail } }`, gRPC's
 * `{ code, message, details }`. Undefined for all else, such as a page of a
 * proxy or an ingress, which knows nothing of the request.
 */
export function saidIn(body: unknown): Said | undefined {
  if (!isObject(body)) return undefined;
  if (isObject(body.error)) return { ...fromDetail(body.error.detail), ...fromFields(body.error) };
  if (typeof body.error === 'string') return { message: body.error, code: text(body.error_type) };
  if (typeof body.code === 'number' && typeof body.message === 'string') return fromFields(body);
  if (body.object === 'error') return { ...fromMessage(body.message), ...fromFields(body) };
  return (
    fromDetail(body.detail) ?? (isObject(body.message) ? fromMessage(body.message) : undefined)
  );
}

/** What the provider itself said; undefined where something between answered in its place. */
export function saidBy(error: APIError): Said | undefined {
  return isObject(error.error) ? (error.error as Said) : undefined;
}

/** Whether the provider itself, and not what stands before it, refuses with one of these statuses. */
export const isRefused = (error: unknown, ...statuses: number[]): error is APIError =>
  error instanceof APIError && statuses.includes(error.status ?? 0) && saidBy(error) !== undefined;

/** What is asked for; undefined where the provider itself says that there is no such thing. */
export async function ifKnown<T>(asked: Promise<T>): Promise<T | undefined> {
  try {
    return await asked;
  } catch (error) {
    if (isRefused(error, 404, 410)) return undefined;
    throw error;
  }
}

/** Whether the provider itself refuses a request as it is, and may take it in another form. */
export function refusesForm(error: unknown): error is APIError {
  const mayBe = error instanceof APIError && [400, 403, 422, 501].includes(error.status ?? 0);
  return mayBe && saidBy(error) !== undefined;
}

/**
 * The same answer, but the body of an error in one form, that of OpenAI, where the `openai` client
 * looks for it. The client is told not to repeat by itself what only time can mend.
 */
export async function inOneForm(response: Response): Promise<Response> {
  if (response.status < 400) return response;
  const said = saidIn(parsed(await response.text().catch(() => '')));
  const headers = new Headers(response.headers);
  for (const name of ['content-length', 'content-encoding', 'transfer-encoding'])
    headers.delete(name);
  const isLong = (retryAfter(headers) ?? 0) > LONG_WAIT_MS;
  if (!said || isLong || isOutOfMoney(response.status, said))
    headers.set('x-should-retry', 'false');
  const body = said ? JSON.stringify({ error: said }) : '';
  return new Response(body, { status: response.status, headers });
}

/** Whether there is no money left, or none that may be spent; waiting a little does not help. */
export function isOutOfMoney(status: number | undefined, said: Said | undefined): boolean {
  const spent = /insufficient[_ ](quota|balance|credits|funds)|billing[_ ]hard[_ ]limit/i;
  return (
    status === 402 ||
    spent.test(said?.code ?? '') ||
    (status === 429 && spent.test(said?.message ?? ''))
  );
}

/** An error that came with the status of a success, with the status that its code stands for. */
export function disguisedError(body: unknown, headers: Headers): APIError | undefined {
  if (!isObject(body) || !body.error || body.status) return undefined;
  if ([body.choices, body.data].some((list) => Array.isArray(list) && list.length > 0))
    return undefined;
  const said = saidIn(body);
  const code = Number(said?.code);
  const status = code >= 400 && code < 600 ? code : 500;
  return APIError.generate(status, said && { error: said }, undefined, headers);
}

const text = (value: unknown): string | undefined =>
  typeof value === 'string' || typeof value === 'number' ? String(value) : undefined;

function fromFields({ message, code, param, type }: Fields): Said {
  const said = { message: text(message), code: text(code) ?? text(type), param: text(param) };
  return Object.fromEntries(Object.entries(said).filter(([, value]) => value !== undefined));
}

function fromMessage(message: unknown): Said | undefined {
  return isObject(message) ? fromDetail(message.detail) : { message: text(message) };
}

/** FastAPI's: a text, or a list of `{ loc: ["body", field], msg }`. */
function fromDetail(detail: unknown): Said | undefined {
  if (typeof detail === 'string') return { message: detail };
  const [first] = Array.isArray(detail) ? detail : [];
  if (!isObject(first)) return undefined;
  const place = Array.isArray(first.loc) ? first.loc.filter((step) => step !== 'body') : [];
  return { message: text(first.msg) ?? text(first.type), param: place.join('.') || undefined };
}

function parsed(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return undefined;
  }
}
