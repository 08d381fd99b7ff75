import { DataError } from './errors.ts';
import type { Source } from './source.ts';

/** Bytes at the beginning of a file that tell what it is. */
const HEAD_SIZE = 1_024;

/** What files are that are often taken for others: their beginnings as Latin-1, and the remedy. */
const KINDS: { begins: string[]; what: string; remedy: string }[] = [
  { begins: ['\x1F\x8B'], what: 'compressed with gzip', remedy: 'Unpack it: gunzip' },
  { begins: ['BZh', '\x28\xB5\x2F\xFD', '\xFD7zXZ'], what: 'compressed', remedy: 'Unpack it' },
  {
    begins: ['PK\x03\x04'],
    what: 'a ZIP archive or an Excel workbook',
    remedy: 'Unpack it, or save the sheet as CSV',
  },
  { begins: ['\xD0\xCF\x11\xE0'], what: 'an Excel workbook', remedy: 'Save the sheet as CSV' },
  { begins: ['PAR1'], what: 'a Parquet file', remedy: 'Name it .parquet' },
  { begins: ['ARROW1'], what: 'an Arrow file', remedy: 'Write it as Parquet' },
  { begins: ['SQLite format 3'], what: 'an SQLite database', remedy: 'Export the table as CSV' },
  { begins: ['%PDF'], what: 'a PDF', remedy: 'Export its table as CSV' },
  {
    begins: ['version https://git-lfs'],
    what: 'a pointer of Git LFS',
    remedy: 'Fetch the file: git lfs pull',
  },
  {
    begins: ['<!doctype', '<html', '<head', '<body', '<table', '<?xml'],
    what: 'an HTML or XML page',
    remedy: 'Download the file itself, or export the table as CSV',
  },
];

/**
 * The same bytes, of which the first are looked at. Throws DataError where they are not of the
 * file's format, or are text in another encoding.
 */
export async function* checkedBytes(
  bytes: AsyncIterable<Uint8Array>,
  source: Source,
): AsyncGenerator<Uint8Array> {
  let head: Uint8Array | undefined = new Uint8Array();
  for await (const chunk of bytes) {
    if (!head) {
      yield chunk;
      continue;
    }
    head = Buffer.concat([head, chunk]);
    if (head.length < HEAD_SIZE) continue;
    checkHead(head, source);
    yield head;
    head = undefined;
  }
  if (!head?.length) return;
  checkHead(head, source);
  yield head;
}

/** Throws DataError where a file of its format cannot begin so. */
export function checkHead(head: Uint8Array, source: Source): void {
  const text = Buffer.from(head).toString('latin1', 0, HEAD_SIZE);
  if (source.format === 'parquet') {
    if (!text.startsWith('PAR1')) throw notWhatItSays(text, source);
    return;
  }
  const encoding = otherEncoding(text);
  if (encoding) {
    throw new DataError(
      `${source.name} is ${encoding} text. Convert it: iconv -f ${encoding} -t UTF-8 FILE > FILE.utf8`,
    );
  }
  if (kindOf(text)) throw notWhatItSays(text, source);
}

function notWhatItSays(text: string, { name, format }: Source): DataError {
  const kind = kindOf(text);
  const expected = format === 'parquet' ? 'Parquet' : format.toUpperCase();
  return new DataError(
    kind
      ? `${name} is ${kind.what}, not ${expected}. ${kind.remedy}`
      : `${name} is not ${expected}. Name the file as what it is`,
  );
}

function kindOf(text: string) {
  const start = text
    .replace(/^\xEF\xBB\xBF/, '')
    .trimStart()
    .slice(0, 32)
    .toLowerCase();
  return KINDS.find(({ begins }) => begins.some((begin) => start.startsWith(begin.toLowerCase())));
}

/** UTF-16 and UTF-32, by their byte order mark or by the zeros that they give plain letters. */
function otherEncoding(text: string): string | undefined {
  const begins = (...marks: string[]) => marks.some((mark) => text.startsWith(mark));
  if (begins('\xFF\xFE\0\0', '\0\0\xFE\xFF')) return 'UTF-32';
  if (begins('\xFF\xFE', '\xFE\xFF')) return 'UTF-16';
  const zeros = [0, 1].map(
    (side) => [...text].filter((byte, at) => at % 2 === side && byte === '\0').length,
  );
  const many = text.length / 8;
  if (zeros[1]! > many && zeros[0]! < many / 8) return 'UTF-16LE';
  if (zeros[0]! > many && zeros[1]! < many / 8) return 'UTF-16BE';
  return undefined;
}
