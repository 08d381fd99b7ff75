import { type ClientRequest, type IncomingMessage, request as requestByHttp } from 'node:http';
import { request as requestByHttps } from 'node:https';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { strictJson } from './json.ts';
import { onAbort } from './onAbort.ts';

/** What `fetch` takes, and another signal. */
export interface TextInit extends RequestInit {
  /** Ends it, too: a signal composed of two would cost each request processor time. */
  deadline?: AbortSignal;
}

/**
 * `fetch` at less than half its processor time, for what a worker sends by the thousand a second:
 * a text, or nothing, to an address, answered by a text (see the bench `throughput`). It goes by
 * Node's `http` and without web streams. So does a blob, of which `fetch` keeps all that it has
 * sent until it is answered. All else, redirections too, is left to `fetch` itself.
 * @param stalledMs after so long without anything more of its text an answer has broken off
 */
export function fetcherOfTexts(
  stalledMs: number,
): (input: string | URL | Request, init?: TextInit) => Promise<Response> {
  return async (input, init = {}) => {
    const { body = '' } = init;
    const signals = [init.signal, init.deadline].filter((signal) => signal != null);
    const fetched = () => fetch(input, { ...init, signal: AbortSignal.any(signals) });
    if (typeof input !== 'string' || !(typeof body === 'string' || body instanceof Blob))
      return fetched();
    const answer = await send(input, { ...init, body }, signals);
    if (isRedirection(answer)) {
      answer.resume();
      return fetched();
    }
    return new TextResponse(answer, stalledMs);
  };
}

function send(
  url: string,
  { method, headers, body }: RequestInit & { body: string | Blob },
  signals: readonly AbortSignal[],
): Promise<IncomingMessage> {
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  const request = url.startsWith('https:') ? requestByHttps : requestByHttp;
  const given = Object.fromEntries(new Headers(headers));
  const outgoing = request(url, { method, headers: given }, resolve).on('error', reject);
  for (const signal of signals) endBy(signal, outgoing);
  if (typeof body === 'string') outgoing.end(body);
  else {
    outgoing.setHeader('content-length', body.size);
    pipeline(Readable.fromWeb(body.stream()), outgoing).catch(reject);
  }
  return promise;
}

/** Ends a request that is under way when the signal aborts. */
function endBy(signal: AbortSignal, outgoing: ClientRequest): void {
  const end = () => outgoing.destroy(new DOMException('This operation was aborted', 'AbortError'));
  outgoing.once('close', onAbort(signal, end));
}

const isRedirection = ({ statusCode, headers }: IncomingMessage) =>
  statusCode! >= 300 && statusCode! < 400 && headers.location !== undefined;

/** An answer whose text is read as it comes; `text` is the one way to it. */
class TextResponse extends Response {
  override readonly text: () => Promise<string>;

  constructor(answer: IncomingMessage, stalledMs: number) {
    super(null, {
      status: answer.statusCode!,
      statusText: answer.statusMessage!,
      headers: answer.headers as Record<string, string>,
    });
    const isJson = answer.headers['content-type']?.includes('json');
    const whole = read(answer, stalledMs);
    const text = isJson ? whole.then(strictJson) : whole;
    text.catch(() => {}); // told to whoever asks for it
    this.text = () => text;
  }
}

async function read(answer: IncomingMessage, stalledMs: number): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const stalled = setTimeout(() => answer.destroy(new Error('nothing more came')), stalledMs);
  let text = '';
  answer
    .setEncoding('utf8')
    .on('data', (part: string) => {
      text += part;
      stalled.refresh();
    })
    .on('end', resolve)
    .on('error', reject);
  try {
    await promise;
  } catch (cause) {
    throw new TypeError('the answer broke off', { cause }); // as `fetch` has it
  } finally {
    clearTimeout(stalled);
  }
  return text;
}
