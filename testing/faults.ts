import { setTimeout as delay } from 'node:timers/promises';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { OpenAI } from 'openai';
import type { ProviderRequest } from './requests.ts';

/**
 * What goes wrong with one request:
 * - a status with headers and body in place of an answer;
 * - `slowMs`: it is answered that much later;
 * - `cut-before`: the connection breaks before anything was done;
 * - `cut-after`: it was done, and the connection breaks before the answer;
 * - `truncated`: half of the answer's body, then the connection breaks;
 * - `malformed`: a whole body that is not JSON;
 * - `hang`: no answer until the client goes away;
 * - `empty-choices`, `refusal`, `no-logprobs`: a chat answer without them, or that refuses;
 * - `wrong-type`: 200 with an HTML page, as proxies do.
 */
export type Fault =
  | { status: number; headers?: Record<string, string>; body?: unknown }
  | { slowMs: number }
  | 'cut-before'
  | 'cut-after'
  | 'truncated'
  | 'malformed'
  | 'hang'
  | ChatFault
  | 'wrong-type';

/** What is wrong with the answer to a chat request that is sent all the same. */
export type ChatFault = 'empty-choices' | 'refusal' | 'no-logprobs';

/**
 * Decides on the fault of a request, from its kind, body and attempt (1 is the first). A promise
 * holds the request back until it resolves.
 */
export type FaultPlan = (
  request: ProviderRequest,
) => Fault | undefined | Promise<Fault | undefined>;

/** The fault of each request that has one. */
export type FaultOf = (request: FastifyRequest) => Fault | undefined;

/** What the journal calls a fault. */
export function faultName(fault: Fault): string {
  if (typeof fault === 'string') return fault;
  return 'slowMs' in fault ? 'slow' : String(fault.status);
}

/** Deals with what goes wrong before the handler. @returns true where the request ends here. */
export async function failBefore(
  fault: Fault,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<boolean> {
  if (typeof fault === 'object' && 'slowMs' in fault) await delay(fault.slowMs);
  else if (typeof fault === 'object') {
    const message = `Fault ${fault.status}`;
    reply
      .code(fault.status)
      .headers(fault.headers ?? {})
      .send(fault.body ?? { error: { message, type: 'server_error', param: null, code: null } });
    return true;
  }
  if (fault === 'cut-before') request.raw.socket.destroy();
  if (fault !== 'cut-before' && fault !== 'hang') return false;
  reply.hijack();
  return true;
}

/** Spoils answers on their way out. */
export function failAfter(app: FastifyInstance, faultOf: FaultOf): void {
  app.addHook('preSerialization', async (request, reply, payload) => {
    switch (faultOf(request)) {
      case 'empty-choices':
        return { ...(payload as object), choices: [] };
      case 'refusal':
        return withChoices(payload, { message: REFUSAL });
      case 'no-logprobs':
        return withChoices(payload, { logprobs: null });
      case 'wrong-type':
        reply.type('text/html').serializer(() => '<html><body>Please wait.</body></html>');
    }
    return payload;
  });
  app.addHook('onSend', async (request, reply, payload) => {
    const fault = faultOf(request);
    if (fault === 'malformed') return `${String(payload).slice(0, -1)},}`;
    if (fault === 'cut-after') {
      reply.hijack();
      request.raw.socket.destroy();
    } else if (fault === 'truncated') {
      reply.hijack();
      const body = Buffer.from(String(payload));
      reply.raw.writeHead(200, {
        'content-type': 'application/json',
        'content-length': body.length,
      });
      reply.raw.write(body.subarray(0, body.length / 2), () => request.raw.socket.destroy());
    }
    return payload;
  });
}

const REFUSAL: OpenAI.ChatCompletionMessage = {
  role: 'assistant',
  content: null,
  refusal: 'I cannot help with that.',
};

function withChoices(payload: unknown, change: object) {
  const { choices, ...rest } = payload as { choices?: object[] };
  return { ...rest, choices: choices?.map((one) => ({ ...one, ...change })) };
}
