import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { OpenAI } from 'openai';
import { type Fault, type FaultPlan, failAfter, failBefore, faultName } from './faults.ts';
import type { Journal } from './journal.ts';
import type { ProviderRequest, RequestBody } from './requests.ts';

/**
 * Writes every request into the journal and lets the plan spoil it.
 * @param base path of the API
 * @returns what was written of a request
 */
export function observe(
  api: FastifyInstance,
  base: string,
  journal: Journal,
  plan: FaultPlan,
): (request: FastifyRequest) => ProviderRequest {
  const recorded = new WeakMap<FastifyRequest, ProviderRequest>();
  const faults = new WeakMap<FastifyRequest, Fault>();
  api.addHook('preHandler', async (request, reply) => {
    const body = request.body as RequestBody | undefined;
    const path = new URL(request.url, 'http://localhost').pathname.slice(base.length);
    const entry = journal.record(request.method, request.url, path, body);
    recorded.set(request, entry);
    reply.raw.once('finish', () => {
      entry.answeredAt = Date.now();
      entry.delivered = !request.raw.socket.destroyed;
      journal.changed(entry);
    });
    const fault = await plan(entry);
    if (!fault) return;
    faults.set(request, fault);
    entry.fault = faultName(fault);
    if (await failBefore(fault, request, reply)) return reply;
  });
  api.addHook('preSerialization', async (request, _, payload) => {
    const entry = recorded.get(request);
    const usage = (payload as Partial<OpenAI.ChatCompletion> | null)?.usage;
    if (entry && usage)
      entry.usage = {
        promptTokens: usage.prompt_tokens,
        cachedTokens: usage.prompt_tokens_details?.cached_tokens ?? 0,
        completionTokens: usage.completion_tokens ?? 0,
      };
    return payload;
  });
  api.addHook('onSend', async (request, reply, payload) => {
    const entry = recorded.get(request);
    if (entry) {
      entry.status = reply.statusCode;
      journal.changed(entry);
    }
    return payload;
  });
  failAfter(api, (request) => faults.get(request));
  return (request) => recorded.get(request)!;
}
