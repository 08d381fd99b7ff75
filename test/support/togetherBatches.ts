import { Readable } from 'node:stream';
import multipart from '@fastify/multipart';
import fastify from 'fastify';
import type { OpenAI } from 'openai';
import { type Provider, type ProviderOptions, startProvider } from '../../testing/provider.ts';

/** A stand-in whose files and batches are spoken of as Together publishes it. */
export interface TogetherBatches {
  baseURL: string;
  /** What does the work behind it. */
  provider: Provider;
  close(): Promise<void>;
}

type Fields = Record<string, unknown>;

/** Files of a batch have a purpose of their own there. */
const PURPOSE = 'batch-api';

/**
 * Starts it: a batch is created in an envelope, found and listed without one, all at once; it has no
 * metadata, dates as texts, states in capitals, and its progress in per cent. A cancelled one is so at
 * once. Files are uploaded under an address of their own, with name and type as fields.
 */
export async function startTogetherBatches(
  options: ProviderOptions = {},
): Promise<TogetherBatches> {
  const provider = await startProvider(options);
  const app = fastify({ bodyLimit: 2 ** 28, forceCloseConnections: true });
  await app.register(multipart, { limits: { fileSize: 2 ** 28 } });
  app.addContentTypeParser('*', { parseAs: 'buffer' }, (_, body, done) => done(null, body));

  const ask = async (path: string, init: RequestInit = {}) =>
    fetch(`${provider.baseURL}${path}`, init);
  const json = async (path: string, init?: RequestInit) => {
    const answer = await ask(path, init);
    return { status: answer.status, body: (await answer.json()) as Fields };
  };
  const send = (method: string, body?: object): RequestInit => ({
    method,
    ...(body && { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }),
  });

  app.post('/v1/files/upload', async (request, reply) => {
    const form = new FormData();
    const fields = new Map<string, string>();
    let content: Buffer | undefined;
    for await (const part of request.parts())
      if (part.type === 'file') content = await part.toBuffer();
      else fields.set(part.fieldname, String(part.value));
    const name = fields.get('file_name');
    if (fields.get('purpose') !== PURPOSE || fields.get('file_type') !== 'jsonl' || !name)
      return reply.code(400).send({ error: { message: 'purpose, file_name and file_type' } });
    form.append('purpose', 'batch');
    form.append('file', new Blob([content!]), name);
    const { status, body } = await json('/files', { method: 'POST', body: form });
    return reply.code(status).send({ ...body, purpose: PURPOSE });
  });
  app.get('/v1/files', async () => {
    const { body } = await json('/files?purpose=batch&limit=10000');
    return { data: body.data };
  });
  app.get<{ Params: { id: string } }>('/v1/files/:id/content', async ({ params }, reply) => {
    const answer = await ask(`/files/${params.id}/content`);
    return reply.code(answer.status).send(Buffer.from(await answer.arrayBuffer()));
  });
  app.post<{ Body: Fields }>('/v1/batches', async (request, reply) => {
    const { metadata: _, ...asked } = request.body;
    const { status, body } = await json('/batches', send('POST', asked));
    return reply.code(status).send(status === 200 ? { job: shown(body) } : body);
  });
  app.get('/v1/batches', async () =>
    provider.batches.all().map((batch) => shown(batch as unknown as Fields)),
  );
  app.get<{ Params: { id: string } }>('/v1/batches/:id', async ({ params }, reply) => {
    const { status, body } = await json(`/batches/${params.id}`);
    return reply.code(status).send(status === 200 ? shown(body) : body);
  });
  app.post<{ Params: { id: string } }>('/v1/batches/:id/cancel', async ({ params }, reply) => {
    const { status, body } = await json(`/batches/${params.id}/cancel`, send('POST'));
    if (status !== 200) return reply.code(status).send(body);
    provider.batches.finish(params.id, 'cancelled');
    return shown(provider.batches.get(params.id) as unknown as Fields);
  });
  // Training files, and all else, are as OpenAI has them.
  app.post('/v1/files', async (request, reply) => {
    const answer = await ask('/files', {
      method: 'POST',
      headers: { 'content-type': request.headers['content-type']! },
      body: Readable.toWeb(request.raw) as ReadableStream,
      duplex: 'half',
    } as RequestInit);
    return reply.code(answer.status).send(await answer.json());
  });
  app.all('/v1/*', async (request, reply) => {
    const { method, body, headers, url } = request;
    const isRaw = Buffer.isBuffer(body);
    const answer = await ask(url.slice('/v1'.length), {
      method,
      ...(body !== undefined && {
        body: isRaw ? new Uint8Array(body) : JSON.stringify(body),
        headers: { 'content-type': String(headers['content-type']) },
      }),
    });
    return reply
      .code(answer.status)
      .type(answer.headers.get('content-type') ?? 'application/json')
      .send(Buffer.from(await answer.arrayBuffer()));
  });
  const address = await app.listen({ host: '127.0.0.1', port: 0 });
  return {
    baseURL: `${address}/v1`,
    provider,
    async close() {
      await app.close();
      await provider.close();
    },
  };
}

/** A batch in Together's words. */
function shown(batch: Fields): Fields {
  const { id, status, created_at, endpoint, request_counts, errors } = batch;
  const {
    total = 0,
    completed = 0,
    failed = 0,
  } = (request_counts ?? {}) as Partial<OpenAI.BatchRequestCounts>;
  const [error] = (errors as OpenAI.Batch.Errors | undefined)?.data ?? [];
  return {
    ...{ id, endpoint, status: String(status).toUpperCase() },
    created_at: new Date(1000 * Number(created_at)).toISOString(),
    input_file_id: batch.input_file_id,
    output_file_id: batch.output_file_id ?? '',
    error_file_id: batch.error_file_id ?? '',
    progress: total === 0 ? 0 : (100 * (completed + failed)) / total,
    ...(error && { error: error.message }),
  };
}
