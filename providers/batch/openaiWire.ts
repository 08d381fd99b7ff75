import type { OpenAI } from 'openai';
import { z } from 'zod';
import { KEY } from '../openaiJob.ts';
import { redacted } from '../redacted.ts';
import { answerOf, itemsOf } from '../wire.ts';
import type { BatchWire, RemoteBatch } from './wire.ts';

/** Batches of a page. */
const PAGE = 100;

const count = z.number().nullish();
const fileId = z.string().nullish();
const batch = z.looseObject({
  id: z.string().min(1),
  status: z.string(),
  created_at: z.number().catch(0),
  input_file_id: fileId,
  output_file_id: fileId,
  error_file_id: fileId,
  request_counts: z.object({ total: count, completed: count, failed: count }).nullish().catch(null),
  metadata: z.record(z.string(), z.unknown()).nullish(),
  errors: z
    .object({
      data: z.array(
        z.object({
          code: z.string().nullish(),
          line: z.number().nullish(),
          message: z.string().nullish(),
        }),
      ),
    })
    .nullish()
    .catch(null),
});

function read(body: unknown): RemoteBatch {
  const { id, status, created_at, request_counts, metadata, errors, ...files } = batch.parse(body);
  const key = metadata?.[KEY];
  const { total, completed, failed } = request_counts ?? {};
  return {
    ...{ id, status, createdAt: created_at },
    key: typeof key === 'string' ? key : undefined,
    // Some name a file that is not there by an empty text.
    inputFileId: files.input_file_id || undefined,
    outputFileId: files.output_file_id || undefined,
    errorFileId: files.error_file_id || undefined,
    ...(total ? { total, done: (completed ?? 0) + (failed ?? 0) } : {}),
    errors: (errors?.data ?? []).map(({ code, line }) => ({
      code: code ?? 'unknown',
      line: line ?? undefined,
    })),
    message: redacted(errors?.data[0]?.message ?? '') || undefined,
  };
}

/** Batches as OpenAI has them, and Azure, and whoever copies them. */
export const openaiWire: BatchWire = {
  purpose: 'batch',
  upload: { path: '/files', fields: () => ({}) },
  create: (client, { fileId, path, windowHours, key }) =>
    answerOf(
      client.batches.create({
        input_file_id: fileId,
        endpoint: path as OpenAI.BatchCreateParams['endpoint'],
        completion_window: `${windowHours}h` as '24h',
        metadata: { [KEY]: key },
      }),
      read,
    ),
  async *list(client) {
    const pages = itemsOf<{ id: string }>((after) => client.batches.list({ limit: PAGE, after }));
    for await (const one of pages) yield read(one);
  },
  retrieve: (client, id, signal) => answerOf(client.batches.retrieve(id, { signal }), read),
  cancel: (client, id) => answerOf(client.batches.cancel(id), read),
};
