import { setTimeout as sleep } from 'node:timers/promises';
import type { APIPromise } from 'openai';
import { z } from 'zod';
import { finalFailure } from '../../../core/failures.ts';
import { UnreadableAnswer } from '../../errors.ts';
import { plainFetch, putFile } from '../../plainFetch.ts';
import { redacted } from '../../redacted.ts';
import type { TrainerEndpoint, TrainingFile } from '../../trainer.ts';
import { answerOf } from '../../wire.ts';

const stored = z.looseObject({
  id: z.string().min(1),
  filename: z.string().nullish(),
  bytes: z.number().nullish(),
  /** Missing until it is asked for. */
  processing_status: z.string().nullish(),
  validation_report: z.looseObject({ error: z.string().nullish() }).nullish(),
});
type Stored = z.output<typeof stored>;
const list = z.object({ data: z.array(stored) });

const GOING = new Set(['PENDING', 'QUEUED', 'RUNNING']);
const SPOILT = new Set(['FAILED', 'INVALID_FORMAT']);

/**
 * Uploads a training file as Together wants it, by way of a storage, and waits until it has been
 * checked: an estimate of the price, and a job, need that.
 * @returns its id
 * @throws ApplicationFailure, non-retryable, where Together finds fault with its rows
 */
export async function uploadFile(
  endpoint: TrainerEndpoint,
  file: TrainingFile,
  name: string,
  signal?: AbortSignal,
): Promise<string> {
  const { client } = endpoint;
  const { data } = await answerOf(client.get('/files', { signal }), (body) => list.parse(body));
  const known = data.find(
    ({ filename, bytes, processing_status }) =>
      filename === name && bytes === file.bytes && !SPOILT.has(processing_status ?? ''),
  );
  const { id } = known ?? (await sent(endpoint, file, name, signal));
  let seen = await look(client.get(`/files/${id}`, { signal }));
  if (!seen.processing_status)
    seen = await look(client.post(`/files/${id}/preprocess`, { signal }));
  while (GOING.has(seen.processing_status ?? '')) {
    await sleep(1000 * endpoint.config.pollSeconds, undefined, { signal });
    seen = await look(client.get(`/files/${id}`, { signal }));
  }
  if (SPOILT.has(seen.processing_status ?? '')) throw refusal(seen);
  return id;

  function look(asked: APIPromise<unknown>): Promise<Stored> {
    return answerOf(asked, (body) => stored.parse(body));
  }

  function refusal({ validation_report, processing_status }: Stored): Error {
    const why = redacted(validation_report?.error ?? '') || processing_status;
    return finalFailure(
      'BadRequest',
      `endpoint "${endpoint.name}" cannot use the training file: ${why}`,
    );
  }
}

/** Sends the content, unless Together has the same already, under whatever name. */
async function sent(
  { client, apiKey }: TrainerEndpoint,
  { path, sha256 }: TrainingFile,
  name: string,
  signal?: AbortSignal,
): Promise<{ id: string }> {
  const body = new FormData();
  const fields = { purpose: 'fine-tune', file_name: name, file_type: 'jsonl', checksum: sha256 };
  for (const [field, value] of Object.entries(fields)) body.append(field, value);
  const init: RequestInit = {
    ...{ method: 'POST', body, redirect: 'manual', signal: signal ?? null },
    headers: apiKey ? { authorization: `Bearer ${apiKey}` } : {},
  };
  const answer = await plainFetch(`${client.baseURL}/files`, init, [302, 409]);
  if (answer.status === 409) return existing(await answer.json().catch(() => undefined));
  const address = answer.headers.get('location');
  const id = answer.headers.get('x-together-file-id');
  if (!address || !id)
    throw new UnreadableAnswer('it names neither a file nor where to send its content');
  await putFile(address, path, {}, signal);
  return { id };
}

const conflict = z.object({ file_id: z.string().min(1) });

function existing(body: unknown): { id: string } {
  const { data } = conflict.safeParse(body);
  if (!data) throw new UnreadableAnswer('it has such a file, but does not name it');
  return { id: data.file_id };
}
