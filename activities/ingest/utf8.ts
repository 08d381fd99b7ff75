import { isUtf8 } from 'node:buffer';
import { DataError } from './errors.ts';

/**
 * Bytes as text, chunk by chunk; a byte order mark is left out. Throws DataError with the line of
 * the first byte that is not UTF-8.
 */
export async function* decodeUtf8(
  bytes: AsyncIterable<Uint8Array>,
  file: string,
): AsyncGenerator<string> {
  const decoder = new TextDecoder('utf-8', { fatal: true });
  let line = 1;
  let unfinished: Uint8Array = new Uint8Array(); // the last line so far, as bytes
  for await (const chunk of bytes) {
    if (chunk.includes(0)) {
      const number = line + countLines(chunk.subarray(0, chunk.indexOf(0)));
      throw new DataError(
        `${file}, line ${number}: a zero byte, which no text holds. Leave it out: tr -d '\\000' < FILE > FILE.clean`,
      );
    }
    try {
      yield decoder.decode(chunk, { stream: true });
    } catch {
      throw notUtf8(Buffer.concat([unfinished, chunk]), line, file);
    }
    const end = chunk.lastIndexOf(10);
    line += countLines(chunk);
    unfinished = end < 0 ? Buffer.concat([unfinished, chunk]) : chunk.subarray(end + 1);
  }
  try {
    decoder.decode();
  } catch {
    throw notUtf8(Buffer.from(unfinished), line, file);
  }
}

function countLines(bytes: Uint8Array): number {
  let lines = 0;
  for (let at = bytes.indexOf(10); at >= 0; at = bytes.indexOf(10, at + 1)) lines += 1;
  return lines;
}

/** `bytes` begin with line `line`, and the fault is in them. */
function notUtf8(bytes: Buffer, line: number, file: string): DataError {
  let start = 0;
  let number = line;
  for (;;) {
    const end = bytes.indexOf(10, start);
    const text = bytes.subarray(start, end < 0 ? bytes.length : end);
    if (end < 0 || !isUtf8(text)) {
      const byte = [...text.keys()].find((at) => startsBadly(text, at)) ?? text.length - 1;
      const value = text[byte]!.toString(16).toUpperCase().padStart(2, '0');
      return new DataError(
        `${file}, line ${number}: byte ${byte + 1} of the line (0x${value}) is not UTF-8. Convert the file, for example: iconv -f WINDOWS-1252 -t UTF-8 FILE > FILE.utf8`,
      );
    }
    start = end + 1;
    number += 1;
  }
}

/** The bytes before `at` are UTF-8 and no continuation makes them so with the byte at `at`. */
function startsBadly(bytes: Buffer, at: number): boolean {
  if (!isUtf8(bytes.subarray(0, at))) return false;
  for (let length = 1; length <= 4; length++) {
    if (isUtf8(bytes.subarray(at, at + length))) return false;
  }
  return true;
}
