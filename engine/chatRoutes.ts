import type { FastifyInstance, FastifyReply } from 'fastify';
import { z } from 'zod';
import type { Catalog, ChatModel } from './catalog.ts';
import { ApiError } from './errors.ts';
import type { ModelPool } from './pool.ts';
import type { Message, RequestOptions } from './pythonProcess.ts';
import { DEFAULTS } from './settings.ts';
import { newId, now } from './storage.ts';
import { untilClosed } from './untilClosed.ts';
import { parse } from './validation.ts';

const content = z.union([
  z.string(),
  z
    .array(z.object({ type: z.literal('text', 'only text parts are supported'), text: z.string() }))
    .transform((parts) => parts.map(({ text }) => text).join('')),
]);

const chatRequest = z
  .object({
    model: z.string(),
    messages: z
      .array(
        z.object({
          role: z
            .enum(['system', 'developer', 'user', 'assistant'])
            .transform((role) => (role === 'developer' ? 'system' : role)),
          content,
        }),
      )
      .min(1),
    n: z.int().min(1).max(64).nullish(),
    seed: z.int().nullish(),
    temperature: z.number().min(0).max(2).nullish(),
    top_p: z.number().gt(0).max(1).nullish(),
    stop: z.union([z.string().min(1), z.array(z.string().min(1)).max(4)]).nullish(),
    max_tokens: z.int().min(1).nullish(),
    max_completion_tokens: z.int().min(1).nullish(),
    logprobs: z.boolean().nullish(),
    top_logprobs: z.int().min(0).max(20).nullish(),
    stream: z.boolean().nullish(),
    stream_options: z.object({ include_usage: z.boolean().nullish() }).nullish(),
  })
  .refine(({ logprobs, top_logprobs }) => logprobs || !top_logprobs, {
    path: ['top_logprobs'],
    error: "needs 'logprobs' to be true",
  });

type ChatRequest = z.output<typeof chatRequest>;

/** The request as engine/python/serve.py takes it. */
const toServing = (request: ChatRequest, adapter: ChatModel['adapter']): object => ({
  op: 'chat',
  adapter,
  messages: request.messages,
  n: request.n ?? 1,
  // Python's generator takes no negative seeds; two's complement keeps distinct seeds distinct.
  seed: request.seed == null ? null : Number(BigInt.asUintN(53, BigInt(request.seed))),
  temperature: request.temperature ?? 1,
  top_p: request.top_p ?? 1,
  stop: [request.stop ?? []].flat(),
  max_tokens: request.max_completion_tokens ?? request.max_tokens ?? DEFAULTS.maxTokens,
  logprobs: request.logprobs ?? false,
  top_logprobs: request.top_logprobs ?? 0,
  stream: request.stream ?? false,
});

const toLogprobs = (tokens: object[] | null | undefined): object | null =>
  tokens ? { content: tokens, refusal: null } : null;

const toChoice = ({ index, text, finish_reason, logprobs }: Message): object => ({
  index,
  message: { role: 'assistant', content: text, refusal: null },
  logprobs: toLogprobs(logprobs),
  finish_reason,
});

export const chatRoutes = (
  app: FastifyInstance,
  { catalog, pool }: { catalog: Catalog; pool: ModelPool },
): void => {
  app.post('/chat/completions', async ({ body }, reply) => {
    const request = parse(chatRequest, body);
    const { name: model, base, adapter } = catalog.chatModel(request.model);
    const head = {
      id: newId('chatcmpl'),
      created: now(),
      model,
    };
    const payload = toServing(request, adapter);
    const signal = untilClosed(reply);
    const ask = (onDelta?: RequestOptions['onDelta']) =>
      pool.request(base, payload, { signal, onDelta });
    if (request.stream) return stream(reply, head, request, ask);
    const { choices, usage } = await ask();
    return { ...head, object: 'chat.completion', choices: choices.map(toChoice), usage };
  });
};

/** Answers with server-sent events: one a token and choice, then usage if asked for, then [DONE]. */
const stream = async (
  reply: FastifyReply,
  head: object,
  request: ChatRequest,
  ask: (onDelta: RequestOptions['onDelta']) => Promise<Message>,
): Promise<void> => {
  reply.hijack();
  const { raw } = reply;
  raw.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-cache' });
  const includeUsage = request.stream_options?.include_usage ?? false;
  const send = (event: object) => raw.write(`data: ${JSON.stringify(event)}\n\n`);
  const sendChunk = (choices: object[], usage: object | null = null) =>
    send({
      ...head,
      object: 'chat.completion.chunk',
      choices,
      ...(includeUsage && { usage }),
    });
  const started = new Set<number>();
  const onDelta = ({ index, text, finish_reason, logprobs }: Message) => {
    const role = started.has(index) ? {} : { role: 'assistant' };
    started.add(index);
    sendChunk([
      { index, delta: { ...role, content: text }, logprobs: toLogprobs(logprobs), finish_reason },
    ]);
  };
  try {
    const { usage } = await ask(onDelta);
    if (includeUsage) sendChunk([], usage);
    raw.write('data: [DONE]\n\n');
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    send(error.toJSON());
  } finally {
    raw.end();
  }
};
