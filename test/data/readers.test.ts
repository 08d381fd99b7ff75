import assert from 'node:assert/strict';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, it } from 'mocha';
import { readCsv } from '../../data/csv.ts';
import { readJsonLines } from '../../data/jsonl.ts';
import { readRecords } from '../../data/read.ts';
import { sourceOf } from '../../data/source.ts';
import { decodeUtf8 } from '../../data/utf8.ts';
import { useFolder } from '../support/suite.ts';
import { collect, runSql } from './support.ts';

async function* chunks<T extends { length: number; slice(from: number, to: number): T }>(
  whole: T,
  size: number,
) {
  for (let at = 0; at < whole.length; at += size) yield whole.slice(at, at + size);
}

const csv = (text: string, size = 7) => collect(readCsv(chunks(text, size), 'data.csv'));

describe('Reading CSV', () => {
  it('keeps every character of quoted fields, and counts physical lines', async () => {
    const text = 'q,a\n"one\ntwo",1\n\n"say ""hi"", you",2\n  padded  ,"it\'s, 3"\n';
    for (const ends of ['\n', '\r\n']) {
      const { columns, records } = await csv(text.replaceAll('\n', ends));
      assert.deepEqual(columns, ['q', 'a']);
      assert.deepEqual(records, [
        { line: 2, values: { q: `one${ends}two`, a: '1' } },
        { line: 5, values: { q: 'say "hi", you', a: '2' } },
        { line: 6, values: { q: '  padded  ', a: "it's, 3" } },
      ]);
    }
  });

  it('reads any field back and finds the line of any record', async () => {
    const unit = fc.constantFrom('a', '"', ',', '\n', '\r\n', 'é', ' ', "'");
    // Of more lines than these some look like rows, which is told.
    const field = fc.string({ unit }).filter((text) => text.split('\n').length < 5);
    const rows = fc.array(fc.tuple(field, field), { maxLength: 8 });
    await fc.assert(
      fc.asyncProperty(rows, fc.integer({ min: 1, max: 40 }), async (fields, size) => {
        const quoted = fields.map(([a, b]) =>
          [a, b].map((one) => `"${one.replaceAll('"', '""')}"`).join(','),
        );
        const { records } = await csv(`a,b\n${quoted.join('\n')}`, size);
        let line = 2;
        const expected = fields.map(([a, b], index) => {
          const start = line;
          line += quoted[index]!.split('\n').length;
          return { line: start, values: { a, b } };
        });
        assert.deepEqual(records, expected);
      }),
      { numRuns: 60 },
    );
  });

  it('names records with too few or too many fields', async () => {
    const { records } = await csv('q,a\nfine,1\nonly\nx,y,z\n5" disk,2\n');
    assert.deepEqual(records, [
      { line: 2, values: { q: 'fine', a: '1' } },
      { line: 3, problem: '1 fields where the header has 2' },
      { line: 4, problem: '3 fields where the header has 2' },
      { line: 5, values: { q: '5" disk', a: '2' } },
    ]);
  });

  it('costs a quote that does not close its own row only, however far the reader has got', async () => {
    const good = '"two\nlines",1\n'.repeat(50);
    const { records } = await csv(`q,a\n${good}"never closed,2\n${'plain,1\n'.repeat(50)}`, 10_000);
    assert.equal(records.length, 101);
    assert.equal(records[50]!.line, 102);
    assert.match(String(records[50]!.problem), /^a field opens with a quote that does not close/);
    assert.deepEqual(records[51], { line: 103, values: { q: 'plain', a: '1' } });
  });

  it('knows the columns of a file without rows, and an unnamed index column', async () => {
    assert.deepEqual(await csv(',question,answer\n'), {
      columns: ['', 'question', 'answer'],
      records: [],
    });
    assert.deepEqual(await csv('\n \n'), { columns: [], records: [] });
  });
});

describe('Reading JSON Lines', () => {
  it('gives each object with its line, and names what is none', async () => {
    const text = '{"q":"é","o":["a"]}\n\r\n{"q":\n[1]\n"text"\n{"q":2,"a":null}';
    const { columns, records } = await collect(readJsonLines(chunks(text, 3), 'data.jsonl'));
    assert.deepEqual(columns, ['q', 'o', 'a']);
    assert.deepEqual(records[0], { line: 1, values: { q: 'é', o: ['a'] } });
    assert.deepEqual(records.at(-1), { line: 6, values: { q: 2, a: null } });
    const problems = records.slice(1, -1).map(({ line, problem }) => [line, problem]);
    assert.deepEqual(problems.slice(1), [
      [4, 'not a JSON object'],
      [5, 'not a JSON object'],
    ]);
    assert.equal(problems[0]![0], 3);
    assert.match(String(problems[0]![1]), /^not JSON/);
  });
});

describe('Decoding UTF-8', () => {
  const decode = async (bytes: Uint8Array, size: number) => {
    let text = '';
    for await (const part of decodeUtf8(chunks(bytes, size), 'data.csv')) text += part;
    return text;
  };

  it('gives the text, wherever the chunks are cut', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.string({ unit: 'binary' }),
        fc.integer({ min: 1, max: 5 }),
        async (text, size) => {
          const clean = text
            .toWellFormed()
            .replaceAll('\0', '')
            .replace(/^\uFEFF+/, '');
          assert.equal(await decode(Buffer.from(clean), size), clean);
        },
      ),
    );
  });

  it('leaves out a byte order mark', async () => {
    assert.equal(await decode(Buffer.from('\uFEFFquestion'), 2), 'question');
  });

  it('says line and byte of what is not UTF-8, and how to convert it', async () => {
    const latin1 = Buffer.from('question\ngood — row\ncafé bar\nmore\n', 'latin1');
    for (const size of [1, 4, 1_000]) {
      await assert.rejects(decode(latin1, size), {
        name: 'DataError',
        message: /^data\.csv, line 3: byte 4 of the line \(0xE9\).*iconv -f WINDOWS-1252 -t UTF-8/,
      });
    }
    const cut = Buffer.from('a\né').subarray(0, 3);
    await assert.rejects(decode(cut, 10), /^DataError: data\.csv, line 2: byte 1 .*0xC3/);
    const within = Buffer.from('a\r\n\uFFFDé\rxxé!', 'utf8');
    within[within.length - 2] = 0x21; // the last é does not go on
    for (const size of [1, 2, 3, 100])
      await assert.rejects(decode(within, size), /^DataError: data\.csv, line 3: byte 3 .*0xC3/);
    await assert.rejects(
      decode(Buffer.from('a\nb\0c'), 2),
      /^DataError: data\.csv, line 2: a zero/,
    );
  });
});

describe('Reading Parquet and JSON', () => {
  const folder = useFolder('suite');

  const read = (name: string) => collect(readRecords(sourceOf(name, folder.path)));

  it('gives rows of Parquet in order with their own types, for odd file names too', async () => {
    const path = join(folder.path, 'a [1]*.parquet');
    await runSql(`COPY (
      SELECT 'question ' || i AS question, ['x', 'y"z'] AS options, i % 2 AS answer,
        NULL::VARCHAR AS context
      FROM range(5000) numbers(i)
    ) TO '${path}' (FORMAT parquet)`);
    const { columns, records } = await read('a [1]*.parquet');
    assert.deepEqual(columns, ['question', 'options', 'answer', 'context']);
    assert.equal(records.length, 5_000);
    assert.deepEqual(records[4_321], {
      line: 4_322,
      values: { question: 'question 4321', options: ['x', 'y"z'], answer: 1, context: null },
    });
  });

  it('gives the objects of a JSON array', async () => {
    await folder.write('data.json', '[\n  {"question": "é", "options": ["a"]},\n {"question": 2}]');
    assert.deepEqual((await read('data.json')).records, [
      { line: 1, values: { question: 'é', options: ['a'] } },
      { line: 2, values: { question: 2 } },
    ]);
  });

  it('says what is wrong with a broken file', async () => {
    await folder.write('broken.parquet', 'no parquet at all');
    await assert.rejects(read('broken.parquet'), {
      name: 'DataError',
      message: /^broken\.parquet is not Parquet/,
    });
    await folder.write('cut.parquet', 'PAR1 and no more');
    await assert.rejects(
      read('cut.parquet'),
      /^DataError: cut\.parquet: cannot be read as parquet/,
    );
    await folder.write('broken.json', '[{"question": "x"');
    await assert.rejects(read('broken.json'), /^DataError: broken\.json: cannot be read as json/);
    await folder.write('latin1.json', Buffer.from('[{"question": "é"}]', 'latin1'));
    await assert.rejects(read('latin1.json'), /^DataError: latin1\.json, line 1: .*not UTF-8/);
  });
});
