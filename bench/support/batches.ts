import { createReadStream, createWriteStream, mkdtempSync, rmSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { pipeline } from 'node:stream/promises';
import type { chatReplies } from './replies.ts';

interface Batch {
  id: string;
  object: 'batch';
  status: 'in_progress' | 'completed';
  created_at: number;
  input_file_id: string;
  output_file_id?: string;
  metadata: Record<string, string> | null;
  request_counts: { total: number; completed: number; failed: number };
}

/** Whether a form is a file of requests. */
const isOfBatch = (begin: Buffer) => begin.includes('\r\n\r\nbatch\r\n');

/** Batches of the bench's endpoint: files on disk, answered one line after the other. */
export class Batches {
  readonly #folder = mkdtempSync(join(tmpdir(), 'semievol-bench-batches-'));
  readonly #answer: ReturnType<typeof chatReplies>;
  readonly #all = new Map<string, Batch>();
  #files = 0;

  constructor(answer: ReturnType<typeof chatReplies>) {
    this.#answer = answer;
    process.on('exit', () => rmSync(this.#folder, { recursive: true, force: true }));
  }

  /** Deals with a request that is about batches. @returns whether it is */
  async take(
    { method, url = '' }: IncomingMessage,
    response: ServerResponse,
    content: Buffer,
  ): Promise<boolean> {
    const [, , kind, id, part] = new URL(url, 'http://localhost').pathname.split('/');
    if (kind === 'files' && part === 'content' && id) {
      response.writeHead(200, { 'content-type': 'application/octet-stream' });
      await pipeline(createReadStream(this.#path(id)), response);
      return true;
    }
    if (kind !== 'batches') return false;
    const shown =
      method === 'POST'
        ? this.#create(JSON.parse(content.toString()))
        : id
          ? this.#all.get(id)
          : { object: 'list', data: [...this.#all.values()].reverse(), has_more: false };
    response.writeHead(shown ? 200 : 404, { 'content-type': 'application/json' });
    response.end(JSON.stringify(shown ?? { error: { message: `no batch ${id}` } }));
    return true;
  }

  /** Keeps an upload where it is a file of requests. @returns its id; undefined where it is none */
  async keep(begin: Buffer, rest: AsyncIterable<Buffer>): Promise<string | undefined> {
    if (!isOfBatch(begin)) return undefined;
    const id = `file-batch-${++this.#files}`;
    async function* whole() {
      yield begin;
      yield* rest;
    }
    await pipeline(whole(), createWriteStream(this.#path(id)));
    return id;
  }

  #path(fileId: string): string {
    return join(this.#folder, fileId);
  }

  #create({ input_file_id, metadata }: Pick<Batch, 'input_file_id' | 'metadata'>): Batch {
    const batch: Batch = {
      ...{ id: `batch-${this.#all.size + 1}`, object: 'batch', status: 'in_progress' },
      created_at: Math.floor(Date.now() / 1000),
      ...{ input_file_id, metadata },
      request_counts: { total: 0, completed: 0, failed: 0 },
    };
    this.#all.set(batch.id, batch);
    void this.#work(batch);
    return batch;
  }

  async #work(batch: Batch): Promise<void> {
    const output = `file-output-${batch.id}`;
    const lines = createInterface({ input: createReadStream(this.#path(batch.input_file_id)) });
    const answer = this.#answer;
    async function* answers() {
      for await (const line of lines) {
        if (!line.startsWith('{')) continue; // of the form around the file
        const { custom_id, body } = JSON.parse(line);
        batch.request_counts.total++;
        batch.request_counts.completed++;
        yield `{"custom_id":"${custom_id}","response":{"status_code":200,"body":${answer(body).body}},"error":null}\n`;
      }
    }
    await pipeline(answers(), createWriteStream(this.#path(output)));
    Object.assign(batch, { status: 'completed', output_file_id: output });
  }
}
