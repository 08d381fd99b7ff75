import type { FastifyInstance } from 'fastify';
import type { OpenAI } from 'openai';
import { Shelf } from './shelf.ts';
import { digest, nowInSeconds, type Page, page, Refusal } from './wire.ts';

interface StoredFile {
  about: OpenAI.FileObject;
  content: Buffer;
}

/** Files. The same bytes uploaded twice are two files, as with the real one. */
export class FileStore {
  readonly #shelf: Shelf<{ about: OpenAI.FileObject; base64: string }>;

  constructor(folder?: string) {
    this.#shelf = new Shelf(folder, 'files');
  }

  add(filename: string, purpose: string, content: Buffer): OpenAI.FileObject {
    const about: OpenAI.FileObject = {
      id: this.#shelf.newKey(`file-${digest(filename, purpose, content)}`),
      object: 'file',
      bytes: content.length,
      created_at: nowInSeconds(),
      filename,
      purpose: purpose as OpenAI.FileObject['purpose'],
      status: 'processed',
    };
    this.#shelf.set(about.id, { about, base64: content.toString('base64') });
    return about;
  }

  get(id: string): StoredFile {
    const file = this.#shelf.get(id);
    if (!file) throw new Refusal(404, 'not_found', `No such File object: ${id}`, { param: 'id' });
    return { about: file.about, content: Buffer.from(file.base64, 'base64') };
  }

  has(id: string): boolean {
    return this.#shelf.get(id) !== undefined;
  }

  remove(id: string): void {
    this.get(id);
    this.#shelf.delete(id);
  }

  /** Newest first. */
  all(): OpenAI.FileObject[] {
    return this.#shelf
      .values()
      .map((file) => file.about)
      .reverse();
  }
}

export function fileRoutes(app: FastifyInstance, files: FileStore): void {
  app.post('/files', async (request) => {
    let purpose: string | undefined;
    let upload: { filename: string; content: Buffer } | undefined;
    for await (const part of request.parts()) {
      if (part.type === 'file')
        upload = { filename: part.filename, content: await part.toBuffer() };
      else if (part.fieldname === 'purpose') purpose = String(part.value);
    }
    if (!upload || !purpose)
      throw new Refusal(400, 'missing_required_parameter', 'A file and its purpose are needed.');
    return files.add(upload.filename, purpose, upload.content);
  });
  app.get<{ Querystring: Page & { purpose?: string; order?: string } }>(
    '/files',
    async ({ query }) => {
      const wanted = files.all().filter((file) => !query.purpose || file.purpose === query.purpose);
      return page(
        query.order === 'asc' ? wanted.reverse() : wanted,
        { limit: '10000', ...query },
        10_000,
      );
    },
  );
  app.get<{ Params: { id: string } }>(
    '/files/:id',
    async ({ params }) => files.get(params.id).about,
  );
  app.get<{ Params: { id: string } }>('/files/:id/content', async ({ params }, reply) =>
    reply.type('application/octet-stream').send(files.get(params.id).content),
  );
  app.delete<{ Params: { id: string } }>('/files/:id', async ({ params }) => {
    files.remove(params.id);
    return { id: params.id, object: 'file', deleted: true };
  });
}
