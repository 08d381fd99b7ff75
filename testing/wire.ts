import { createHash } from 'node:crypto';

/** A refusal in the shape of the wire: `{ error: { message, type, param, code } }`. */
export class Refusal extends Error {
  readonly status: number;
  readonly code: string;
  readonly param: string | null;
  readonly headers: Record<string, string>;

  constructor(
    status: number,
    code: string,
    message: string,
    {
      param = null,
      headers = {},
    }: { param?: string | null; headers?: Record<string, string> } = {},
  ) {
    super(message);
    this.status = status;
    this.code = code;
    this.param = param;
    this.headers = headers;
  }
}

export interface Page {
  after?: string;
  limit?: string;
}

/** One page of a list that is in the order of the answer, after the item whose id is `after`. */
export function page<T extends { id: string }>(items: T[], { after, limit }: Page, most = 100) {
  const size = Math.min(most, Number(limit ?? 20));
  const from = after === undefined ? 0 : items.findIndex((item) => item.id === after) + 1;
  const data = items.slice(from, from + size);
  return {
    object: 'list' as const,
    data,
    first_id: data[0]?.id ?? null,
    last_id: data.at(-1)?.id ?? null,
    has_more: from + size < items.length,
  };
}

/** First 16 hexadecimal digits of a SHA-256 over the parts. */
export function digest(...parts: unknown[]): string {
  const hash = createHash('sha256');
  for (const part of parts)
    hash.update(part instanceof Uint8Array ? part : JSON.stringify(part ?? null));
  return hash.digest('hex').slice(0, 16);
}

/** A number in [0, 1) that follows from the parts and looks random. */
export function chance(...parts: unknown[]): number {
  return Number.parseInt(digest(...parts).slice(0, 12), 16) / 2 ** 48;
}

/** Tokens, for counting and for log-probabilities: words, each with the white space before it. */
export function tokens(text: string): string[] {
  return text.match(/\s*\S+/g) ?? [];
}

export const nowInSeconds = () => Math.floor(Date.now() / 1000);

/** @throws Refusal for metadata that a job or a batch may not have */
export function checkMetadata(metadata: Record<string, string> | null | undefined): void {
  const pairs = Object.entries(metadata ?? {});
  const isTooLong = ([key, value]: [string, string]) => key.length > 64 || value.length > 512;
  if (pairs.length > 16 || pairs.some(isTooLong))
    throw new Refusal(400, 'invalid_metadata', '16 pairs of 64 and 512 characters at most.', {
      param: 'metadata',
    });
}

/** An error as the body of an answer. */
export function errorBody(status: number, { message, code, param }: Partial<Refusal>) {
  const type =
    status === 429 ? 'requests' : status < 500 ? 'invalid_request_error' : 'server_error';
  return { error: { message, type, param: param ?? null, code } };
}
