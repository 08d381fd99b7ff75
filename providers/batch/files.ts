import { createWriteStream } from 'node:fs';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { ReadableStream } from 'node:stream/web';
import { APIError } from 'openai';
import { UnreadableAnswer } from '../errors.ts';
import { inOneForm } from '../said.ts';
import type { TrainerEndpoint, TrainingFile } from '../trainer.ts';
import { uploadOnce } from '../upload.ts';
import { type BatchConfig, wireOf } from './batchJobs.ts';

/** For the whole of a file of answers, which may have 200 MB and more, and a slow line. */
const TIMEOUT_MS = 4 * 3_600_000;

type FileEndpoint = Pick<TrainerEndpoint, 'client' | 'failure'>;

/**
 * Uploads a file of requests, unless one of this name and length is there.
 * @param name of the file's content and of no other
 * @returns its id
 */
export async function uploadRequests(
  endpoint: FileEndpoint,
  config: BatchConfig,
  file: TrainingFile & { name: string },
  signal?: AbortSignal,
): Promise<string> {
  const { purpose, upload } = wireOf(config);
  const taking = { purpose, path: upload.path, fields: upload.fields(file.name) };
  try {
    return await uploadOnce(endpoint.client, file, taking, signal);
  } catch (error) {
    throw endpoint.failure(error);
  }
}

/**
 * Writes a provider's file to the disk, as it comes: memory does not grow with it.
 * @returns false where the provider has no such file any more
 */
export async function download(
  endpoint: FileEndpoint,
  fileId: string,
  path: string,
  signal: AbortSignal,
): Promise<boolean> {
  // The endpoint's own way of fetching keeps whole texts.
  const streaming = endpoint.client.withOptions({
    timeout: TIMEOUT_MS,
    fetch: async (url, init) => inOneForm(await fetch(url, init)),
  });
  try {
    const answer = await streaming.files.content(fileId, { signal });
    const body = Readable.fromWeb(answer.body as ReadableStream);
    await pipeline(body, createWriteStream(path, { mode: 0o600 }), { signal });
    return true;
  } catch (error) {
    signal.throwIfAborted();
    if (isGone(error)) return false;
    // What breaks off is an error of the stream, not of the client.
    throw endpoint.failure(
      error instanceof APIError ? error : new UnreadableAnswer('it broke off', { cause: error }),
    );
  }
}

/**
 * Deletes files of a batch that is done with: at some providers they stand for good, and only so many
 * may. What cannot be deleted stays.
 * @returns why some stay; undefined where none does
 */
export async function discard(
  endpoint: FileEndpoint,
  fileIds: readonly string[],
  signal: AbortSignal,
): Promise<string | undefined> {
  let obstacle: string | undefined;
  for (const id of fileIds)
    try {
      await endpoint.client.files.delete(id, { signal });
    } catch (error) {
      signal.throwIfAborted();
      if (!isGone(error)) obstacle ??= endpoint.failure(error).message;
    }
  return obstacle;
}

const isGone = (error: unknown): boolean =>
  error instanceof APIError && [404, 410].includes(error.status ?? 0);
