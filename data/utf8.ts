import { DataError } from './errors.ts';

/**
 * Bytes as text, chunk by chunk; a byte order mark is left out. Throws DataError with the line of
 * the first byte that is not UTF-8, or is zero.
 */
export async function* decodeUtf8(
  bytes: AsyncIterable<Uint8Array>,
  file: string,
): AsyncGenerator<string> {
  const decoder = new TextDecoder('utf-8', { fatal: true });
  const place = new Place();
  let tail: Uint8Array = new Uint8Array(); // may begin a character that goes on in the next chunk
  for await (const chunk of bytes) {
    const zero = chunk.indexOf(0);
    if (zero >= 0) {
      place.advance(chunk.subarray(0, zero));
      throw new DataError(
        `${file}, line ${place.line}: a zero byte, which no text holds. Leave it out: tr -d '\\000' < FILE > FILE.clean`,
      );
    }
    try {
      yield decoder.decode(chunk, { stream: true });
    } catch {
      throw notUtf8(tail, chunk, place, file);
    }
    place.advance(chunk);
    tail = Buffer.concat([tail, chunk.subarray(-3)]).subarray(-3);
  }
  try {
    decoder.decode();
  } catch {
    throw notUtf8(tail, new Uint8Array(), place, file);
  }
}

/** Where in a text one is. */
class Place {
  line = 1;
  /** Bytes of the line so far. */
  column = 0;
  #afterReturn = false;

  advance(bytes: Uint8Array): void {
    for (const byte of bytes) {
      const isFeed = byte === 10;
      if (byte === 13 || isFeed) {
        if (!(isFeed && this.#afterReturn)) this.line += 1;
        this.column = 0;
      } else this.column += 1;
      this.#afterReturn = byte === 13;
    }
  }
}

/** The fault is in the chunk, or in the character that the text before it, at `place`, ends with. */
function notUtf8(tail: Uint8Array, chunk: Uint8Array, place: Place, file: string): DataError {
  // Continuation bytes at the beginning belong to a character that was read.
  const start = tail.findIndex((byte) => byte < 0x80 || byte > 0xbf);
  const before = start < 0 ? new Uint8Array() : tail.subarray(start);
  const bytes = Buffer.concat([before, chunk]);
  const bad = firstBadByte(bytes);
  const inChunk = bad - before.length;
  if (inChunk > 0) place.advance(chunk.subarray(0, inChunk));
  const column = place.column + Math.min(inChunk, 0) + 1;
  const value = bytes[bad]!.toString(16).toUpperCase().padStart(2, '0');
  return new DataError(
    `${file}, line ${place.line}: byte ${column} of the line (0x${value}) is not UTF-8. Convert the file, for example: iconv -f WINDOWS-1252 -t UTF-8 FILE > FILE.utf8`,
  );
}

function firstBadByte(bytes: Buffer): number {
  const text = new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes);
  for (let at = text.indexOf('\uFFFD'); at >= 0; at = text.indexOf('\uFFFD', at + 1)) {
    const offset = Buffer.byteLength(text.slice(0, at));
    const isWritten = bytes.toString('latin1', offset, offset + 3) === '\xEF\xBF\xBD';
    if (!isWritten) return offset;
  }
  return 0;
}
