import { z } from 'zod';
import { redacted } from '../redacted.ts';
import { answerOf } from '../wire.ts';
import type { BatchWire, RemoteBatch } from './wire.ts';

const text = z.string().nullish();
const batch = z.looseObject({
  id: z.string().min(1),
  status: z.string(),
  created_at: text.catch(null),
  input_file_id: text,
  output_file_id: text,
  error_file_id: text,
  /** Per cent. */
  progress: z.number().nullish().catch(null),
  error: text.catch(null),
});
const created = z.looseObject({ job: batch });
/** A bare list, or one under a name as others have it. */
const list = z.union([z.array(batch), z.looseObject({ data: z.array(batch) })]);

function shown(one: z.output<typeof batch>): RemoteBatch {
  const message = redacted(one.error ?? '') || undefined;
  return {
    ...{ id: one.id, status: one.status },
    createdAt: Date.parse(one.created_at ?? '') / 1000 || 0,
    inputFileId: one.input_file_id || undefined,
    outputFileId: one.output_file_id || undefined,
    errorFileId: one.error_file_id || undefined,
    ...(one.progress != null && { done: Math.round(one.progress), total: 100 }),
    errors: [],
    message,
  };
}

const read = (body: unknown): RemoteBatch => shown(batch.parse(body));

/**
 * Batches as Together has them: created in an envelope, listed all at once, without metadata, with
 * dates as texts and progress in per cent.
 */
export const togetherWire: BatchWire = {
  purpose: 'batch-api',
  upload: {
    path: '/files/upload',
    fields: (name) => ({ file_name: name, file_type: 'jsonl' }),
  },
  create: (client, { fileId, path, windowHours }) =>
    answerOf(
      client.post<unknown>('/batches', {
        body: {
          input_file_id: fileId,
          endpoint: path,
          completion_window: `${windowHours}h`,
        },
      }),
      (body) => shown(created.parse(body).job),
    ),
  async *list(client) {
    const all = await answerOf(client.get<unknown>('/batches'), (body) => list.parse(body));
    for (const one of Array.isArray(all) ? all : all.data) yield shown(one);
  },
  retrieve: (client, id, signal) =>
    answerOf(client.get<unknown>(`/batches/${encodeURIComponent(id)}`, { signal }), read),
  cancel: (client, id) =>
    answerOf(client.post<unknown>(`/batches/${encodeURIComponent(id)}/cancel`), (body) => body),
};
