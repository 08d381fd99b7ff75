import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { JournalEntry, RequestBody } from './journal.ts';

/**
 * What goes wrong with one request:
 * - a status with headers and body in place of an answer;
 * - `cut-before`: the connection breaks before anything was done;
 * - `cut-after`: it was done, and the connection breaks before the answer;
 * - `truncated`: half of the answer's body, then the connection breaks;
 * - `hang`: no answer until the client goes away;
 * - `empty-choices`, `no-logprobs`: a chat answer without them;
 * - `wrong-type`: 200 with an HTML page, as proxies do.
 */
export type Fault =
  | { status: number; headers?: Record<string, string>; body?: unknown }
  | 'cut-before'
  | 'cut-after'
  | 'truncated'
  | 'hang'
  | 'empty-choices'
  | 'no-logprobs'
  | 'wrong-type';

/** Decides on the fault of a request, from its path, body and attempt (1 is the first). */
export type FaultPlan = (
  request: JournalEntry & { body: RequestBody | undefined },
) => Fault | undefined;

/** The fault of each request that has one. */
export type FaultOf = (request: FastifyRequest) => Fault | undefined;

/** Deals with what goes wrong before the handler. @returns true where the request ends here. */
export function failBefore(fault: Fault | undefined, request: FastifyRequest, reply: FastifyReply) {
  if (fault === 'cut-before') request.raw.socket.destroy();
  if (fault === 'cut-before' || fault === 'hang') reply.hijack();
  else if (typeof fault === 'object') {
    const message = `Fault ${fault.status}`;
    reply
      .code(fault.status)
      .headers(fault.headers ?? {})
      .send(fault.body ?? { error: { message, type: 'server_error', param: null, code: null } });
  } else return false;
  return true;
}

/** Spoils answers on their way out. */
export function failAfter(app: FastifyInstance, faultOf: FaultOf): void {
  app.addHook('preSerialization', async (request, reply, payload) => {
    switch (faultOf(request)) {
      case 'empty-choices':
        return { ...(payload as object), choices: [] };
      case 'no-logprobs':
        return withoutLogprobs(payload as { choices?: object[] });
      case 'wrong-type':
        reply.type('text/html').serializer(() => '<html><body>Please wait.</body></html>');
    }
    return payload;
  });
  app.addHook('onSend', async (request, reply, payload) => {
    const fault = faultOf(request);
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

function withoutLogprobs(payload: { choices?: object[] }) {
  return { ...payload, choices: payload.choices?.map((one) => ({ ...one, logprobs: null })) };
}
