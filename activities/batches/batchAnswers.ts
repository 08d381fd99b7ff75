import { createReadStream } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { readRow } from '../../providers/batch/lines.ts';
import type { Endpoints } from '../../providers/endpoint.ts';
import type { Carried, Carrier, Course } from '../batch.ts';

const LINE_FEED = 0x0a;

/** Where a row stands that answers a request. */
interface Place {
  handle: FileHandle;
  from: number;
  bytes: number;
}

/**
 * What batches have answered, in files on disk, of which only the places are kept in memory: at most
 * 50,000 of a batch. What a batch has refused is sent by itself; what it has not answered waits.
 */
export class BatchAnswers implements Carrier {
  readonly #endpoints: Endpoints;
  readonly #sendsRefused: boolean;
  readonly #places = new Map<string, Place | 'refused'>();
  readonly #handles: FileHandle[] = [];
  answered = 0;
  refused = 0;

  /** @param sendsRefused whether what is refused is sent by itself; else it waits, too */
  constructor(endpoints: Endpoints, sendsRefused: boolean) {
    this.#endpoints = endpoints;
    this.#sendsRefused = sendsRefused;
  }

  /**
   * Takes in the rows of an output or error file. An answer counts more than a refusal.
   * @returns how many of its lines are no rows
   */
  async add(path: string): Promise<number> {
    const handle = await open(path, 'r');
    this.#handles.push(handle);
    let unread = 0;
    for await (const { line, from } of rowsOf(path)) {
      const text = line.toString();
      const row = readRow(text);
      if (!row && text.trim() !== '') unread++;
      if (!row || row.outcome === 'unanswered') continue;
      if (row.outcome !== 'refused') this.#places.set(row.id, { handle, from, bytes: line.length });
      else if (!this.#places.has(row.id)) this.#places.set(row.id, 'refused');
    }
    return unread;
  }

  /** Takes in requests for whose sake a batch was refused as a whole. */
  refuse(id: string): void {
    this.#places.set(id, 'refused');
  }

  async carry({ sent, id }: Carried): Promise<Course> {
    const place = this.#places.get(id);
    if (place === undefined) return 'wait';
    const samples = place === 'refused' ? undefined : await this.#samplesAt(place, sent);
    if (samples) this.answered++;
    else this.refused++;
    return samples ?? (this.#sendsRefused ? 'send' : 'wait');
  }

  async close(): Promise<void> {
    for (const handle of this.#handles) await handle.close();
  }

  async #samplesAt({ handle, from, bytes }: Place, sent: Carried['sent']) {
    const { buffer } = await handle.read(Buffer.alloc(bytes), 0, bytes, from);
    const outcome = readRow(buffer.toString())?.outcome;
    if (typeof outcome !== 'object') return undefined;
    return this.#endpoints.get(sent.endpoint).samplesIn(sent, outcome.body);
  }
}

/** The lines of a file, with the bytes at which they begin. */
export async function* rowsOf(path: string): AsyncGenerator<{ line: Buffer; from: number }> {
  let rest: Buffer = Buffer.alloc(0);
  let from = 0;
  for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20 })) {
    const bytes = Buffer.concat([rest, chunk as Buffer]);
    let begin = 0;
    for (let end = bytes.indexOf(LINE_FEED); end >= 0; end = bytes.indexOf(LINE_FEED, begin)) {
      yield { line: bytes.subarray(begin, end), from: from + begin };
      begin = end + 1;
    }
    from += begin;
    rest = bytes.subarray(begin);
  }
  if (rest.length > 0) yield { line: rest, from };
}
