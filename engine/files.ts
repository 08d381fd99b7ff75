import { createReadStream, createWriteStream } from 'node:fs';
import { rm } from 'node:fs/promises';
import path from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import multipart from '@fastify/multipart';
import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { ApiError, badRequest, notFound } from './errors.ts';
import { page } from './listing.ts';
import { DEFAULTS } from './settings.ts';
import { newId, now, readAllJson, writeJson } from './storage.ts';

/** OpenAI's FileObject. */
export interface StoredFile {
  id: string;
  object: 'file';
  bytes: number;
  created_at: number;
  filename: string;
  purpose: 'fine-tune';
  status: 'processed';
}

const trainingRow = z.object({
  messages: z
    .array(
      z.object({ role: z.enum(['system', 'developer', 'user', 'assistant']), content: z.string() }),
    )
    .min(2)
    .refine((messages) => messages.at(-1)?.role === 'assistant', {
      error: "the last message must be the assistant's, since that is what is learned",
    }),
});

const LOST_FILE =
  'delete it, and the .jsonl file of the same name; a run uploads its file again when it needs it';

/** Uploaded files: `<id>.jsonl` with the content and `<id>.json` with the FileObject, written last. */
export class FileStore {
  readonly #folder: string;
  readonly #files = new Map<string, StoredFile>();

  private constructor(folder: string) {
    this.#folder = folder;
  }

  static async open(folder: string): Promise<FileStore> {
    const store = new FileStore(folder);
    for await (const file of readAllJson<StoredFile>(folder, LOST_FILE))
      store.#files.set(file.id, file);
    return store;
  }

  /** Where a file's content lies. @throws ApiError 404 */
  contentPath(id: string): string {
    return path.join(this.#folder, `${this.get(id).id}.jsonl`);
  }

  /** @throws ApiError 404 */
  get(id: string): StoredFile {
    const file = this.#files.get(id);
    if (!file) throw notFound('File object', id);
    return file;
  }

  /** Newest first. */
  list(): StoredFile[] {
    return [...this.#files.values()].sort((a, b) => (a.id < b.id ? 1 : -1));
  }

  /** Stores a stream once it has been read as chat JSONL to its end. @throws ApiError 400 naming the line. */
  async add(content: Readable & { truncated?: boolean }, filename: string): Promise<StoredFile> {
    const id = newId('file');
    const target = path.join(this.#folder, `${id}.jsonl`);
    const output = createWriteStream(target);
    try {
      await pipeline(content, output);
      if (content.truncated) throw tooLarge();
      await validate(target);
    } catch (error) {
      await rm(target, { force: true });
      throw error;
    }
    const file: StoredFile = {
      id,
      object: 'file',
      bytes: output.bytesWritten,
      created_at: now(),
      filename,
      purpose: 'fine-tune',
      status: 'processed',
    };
    await writeJson(path.join(this.#folder, `${id}.json`), file);
    this.#files.set(id, file);
    return file;
  }

  /** @throws ApiError 404 */
  async delete(id: string): Promise<void> {
    const content = this.contentPath(id);
    this.#files.delete(id);
    await rm(path.join(this.#folder, `${id}.json`));
    await rm(content);
  }
}

const tooLarge = (): ApiError =>
  new ApiError(413, `The file is larger than ${DEFAULTS.maxFileBytes / 2 ** 20} MB.`, {
    param: 'file',
  });

const validate = async (file: string): Promise<void> => {
  let number = 0;
  let rows = 0;
  for await (const line of createInterface(createReadStream(file))) {
    number += 1;
    if (!line.trim()) continue;
    rows += 1;
    const fault = faultOf(line);
    if (fault) throw badRequest(`Line ${number}: ${fault}`, 'file', 'invalid_file_format');
  }
  if (rows === 0) throw badRequest('The file has no rows.', 'file', 'invalid_file_format');
};

const faultOf = (line: string): string | undefined => {
  try {
    const { error } = trainingRow.safeParse(JSON.parse(line));
    const issue = error?.issues[0];
    return issue && `${issue.path.join('.') || 'row'}: ${issue.message}`;
  } catch (error) {
    return `not JSON (${(error as Error).message})`;
  }
};

export const fileRoutes = (app: FastifyInstance, files: FileStore): void => {
  app.register(multipart, { limits: { files: 1, fileSize: DEFAULTS.maxFileBytes } });

  app.post('/files', async (request) => {
    let purpose: unknown;
    let file: StoredFile | undefined;
    for await (const part of request.parts()) {
      if (part.type === 'field') {
        if (part.fieldname === 'purpose') purpose = part.value;
      } else file = await files.add(part.file, part.filename);
    }
    if (!file) throw badRequest("The multipart field 'file' is missing.", 'file');
    if (purpose !== 'fine-tune') {
      await files.delete(file.id);
      throw badRequest(`'${purpose}' is not a supported purpose: use 'fine-tune'.`, 'purpose');
    }
    return file;
  });

  app.get<{ Querystring: { after?: string; limit?: string; purpose?: string } }>(
    '/files',
    ({ query }) => page(files.list(), { limit: '10000', ...query }),
  );

  app.get<{ Params: { id: string } }>('/files/:id', ({ params }) => files.get(params.id));

  app.get<{ Params: { id: string } }>('/files/:id/content', ({ params }, reply) =>
    reply.type('application/jsonl').send(createReadStream(files.contentPath(params.id))),
  );

  app.delete<{ Params: { id: string } }>('/files/:id', async ({ params }) => {
    await files.delete(params.id);
    return { id: params.id, object: 'file', deleted: true };
  });
};
