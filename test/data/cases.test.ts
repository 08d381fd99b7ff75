import assert from 'node:assert/strict';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, it } from 'mocha';
import { builtIn } from '../../core/registry.ts';
import type { TaskSpec } from '../../core/spec.ts';
import { cleanFile } from '../../data/cleanFile.ts';
import { Cleaning } from '../../data/cleaning.ts';
import { sourceOf } from '../../data/source.ts';
import { useFolder } from '../support/suite.ts';
import { choice, inputOf, runSql } from './support.ts';

/** Files as people have them: what is read of each, and what is said of what is not. */
describe('Data files as they come', () => {
  const folder = useFolder('test');

  /** The labelled examples of a file, its bad rows and its counts. */
  async function read(name: string, data: object = {}, taskSpec?: TaskSpec) {
    const input = inputOf(folder.path, { ...data, labelled: name }, taskSpec);
    const task = builtIn.task(input.task);
    const cleaning = new Cleaning(input.data, task);
    const source = sourceOf(name, folder.path);
    const examples: (string | undefined)[][] = [];
    for await (const some of cleanFile('labelled', source, input.data, task, cleaning))
      examples.push(...some.map(({ question, answer }) => [question, answer]));
    const { problems, files } = cleaning.report;
    return { examples, bad: problems.map(({ line, problem }) => `${line}: ${problem}`), files };
  }

  async function readText(name: string, text: string | Uint8Array, data?: object) {
    await folder.write(name, text);
    return read(name, data);
  }

  const refused = (reading: Promise<unknown>, message: RegExp) =>
    assert.rejects(reading, { name: 'DataError', message });

  const two = [
    ['fine', 'positive'],
    ['awful', 'negative'],
  ];

  describe('CSV', () => {
    const reads: [what: string, text: string][] = [
      ['line ends of all kinds in one file', 'question,answer\r\nfine,positive\nawful,negative\r'],
      ['line ends of the old Macintosh', 'question,answer\rfine,positive\rawful,negative\r'],
      ['a byte order mark', '\uFEFF"question",answer\r\nfine,positive\r\nawful,negative'],
      ['semicolons', 'question;answer\r\nfine;positive\r\nawful;negative\r\n'],
      ['tabs', 'question\tanswer\nfine\tpositive\nawful\tnegative\n'],
      ['bars', 'question|answer\nfine|positive\nawful|negative\n'],
      [
        'a first line that names the separator',
        'sep=;\r\nquestion;answer\r\nfine;positive\r\nawful;negative\r\n',
      ],
      ['empty cells at the end of rows', 'question,answer\nfine,positive,,\nawful,negative, ,\n'],
      ['columns without a name', ',question,answer,\n1,fine,positive,x\n2,awful,negative\n'],
    ];
    for (const [what, text] of reads) {
      it(`with ${what}`, async () => {
        const { examples, bad } = await readText('labelled.csv', text);
        assert.deepEqual({ examples, bad }, { examples: two, bad: [] });
      });
    }

    it('named .tsv', async () => {
      const text = 'question\tanswer\nfine\tpositive\nawful\tnegative\n';
      assert.deepEqual((await readText('labelled.tsv', text)).examples, two);
    });

    it('with a separator within texts', async () => {
      const text = 'question;answer\n"one; two";positive\nthree, four, five;negative\n';
      const { examples } = await readText('labelled.csv', text);
      assert.deepEqual(examples, [
        ['one; two', 'positive'],
        ['three, four, five', 'negative'],
      ]);
    });

    it('with a separator that only the spec knows', async () => {
      const text = 'question^answer\nfine^positive\nawful^negative\n';
      await refused(readText('labelled.csv', text), /no column "question".*data\.separator sets/);
      assert.deepEqual((await read('labelled.csv', { separator: '^' })).examples, two);
    });

    it('with a quote that is not closed: that row is bad, and no other', async () => {
      const rows = Array.from({ length: 50 }, (_, index) => `row ${index},positive`);
      rows[10] = '"my row 10,positive';
      rows[30] = 'is "late" row 30,positive';
      rows[40] = '"late" row 40,positive';
      const { examples, bad, files } = await readText(
        'labelled.csv',
        `question,answer\n${rows.join('\n')}\n`,
      );
      assert.equal(examples.length, 48);
      assert.deepEqual(
        bad.map((one) => Number.parseInt(one, 10)),
        [12, 42],
      );
      assert.match(bad[0]!, /a field opens with a quote that does not close/);
      assert.deepEqual(files[0], {
        split: 'labelled',
        file: 'labelled.csv',
        rows: 50,
        kept: 48,
        repeated: 0,
        inTest: 0,
        inLabelled: 0,
        bad: { unreadable: 2 },
        limited: false,
      });
    });

    it('with a quote that closes rows later: all of them are bad', async () => {
      const rows = Array.from({ length: 50 }, (_, index) => `row ${index},positive`);
      rows[10] = '"my row 10,positive';
      rows[20] = 'no "row 20",positive';
      rows[21] = 'row 21 it was",positive';
      rows.splice(20, 1);
      const { examples, bad, files } = await readText(
        'labelled.csv',
        `question,answer\n${rows.join('\n')}\n`,
      );
      assert.equal(examples.length, 38);
      assert.match(
        bad[0]!,
        /^12: a quoted field runs over 9 lines that look like rows of their own/,
      );
      assert.deepEqual([files[0]!.rows, files[0]!.bad.unreadable], [48, 10]);
    });

    it('with texts of many lines, where these are usual', async () => {
      const text = (index: number) => `"poem ${index}${'\nleaf, sky'.repeat(5)}"`;
      const rows = Array.from({ length: 10 }, (_, index) => `${text(index)},positive`);
      const { examples, bad } = await readText(
        'labelled.csv',
        `question,answer\n${rows.join('\n')}\n`,
      );
      assert.deepEqual([examples.length, bad], [10, []]);
    });

    it('with a needed column twice', () =>
      refused(
        readText('labelled.csv', 'question,answer,answer\nfine,negative,positive\n'),
        /^labelled\.csv has 2 columns "answer"\. Rename/,
      ));

    it('with a header that comes again, and a last row that is cut off', async () => {
      const text = 'question,answer\nfine,positive\n\uFEFFquestion,answer\nawful,negative\nand th';
      const { examples, bad } = await readText('labelled.csv', text);
      assert.deepEqual(examples, two);
      assert.deepEqual(bad, ['3: it repeats the header', '5: 1 fields where the header has 2']);
    });

    it('with columns called like properties', async () => {
      const columns = { question: '__proto__', answer: 'constructor' };
      const text = '__proto__,constructor\nfine,positive\nawful,negative\n';
      assert.deepEqual((await readText('labelled.csv', text, { columns })).examples, two);
      await refused(
        readText('labelled.jsonl', '{"question":"fine"}\n', { columns: { answer: 'constructor' } }),
        /no column "constructor"/,
      );
    });

    it('in another encoding', async () => {
      const text = 'question,answer\r\nfine,positive\r\n';
      const utf16 = Buffer.from(text, 'utf16le');
      await refused(readText('labelled.csv', utf16), /is UTF-16LE text\. .*iconv -f UTF-16LE/);
      await refused(readText('labelled.csv', Buffer.from(utf16).swap16()), /is UTF-16BE text/);
      const marked = Buffer.from(`\uFEFF${text}`, 'utf16le');
      await refused(readText('labelled.csv', marked), /is UTF-16 text/);
      await refused(readText('labelled.csv', `${text}a\0b,positive\n`), /line 3: a zero byte/);
    });

    it('that is something else', async () => {
      const kinds: [string | Uint8Array, RegExp][] = [
        [gzipSync('question,answer\n'), /is compressed with gzip, not CSV\. Unpack it/],
        ['PK\x03\x04…', /Excel workbook, not CSV\. .*save the sheet as CSV/],
        ['PAR1…', /is a Parquet file, not CSV\. Name it \.parquet/],
        ['\n <!DOCTYPE html><table>', /an HTML or XML page/],
        ['version https://git-lfs.github.com/spec/v1\n', /git lfs pull/],
      ];
      for (const [content, message] of kinds)
        await refused(readText('labelled.csv', content), message);
    });

    it('with integers that a table holds as floats', async () => {
      const answers = { 0: 'negative', 1: 'positive' };
      const text = 'question,answer\nfine,1.0\nawful,0.0\n';
      assert.deepEqual((await readText('labelled.csv', text, { answers })).examples, two);
      const { bad } = await read('labelled.csv', { maxBadRows: 1 });
      assert.match(bad[0]!, /^2: .*data\.answers can say what numbers mean/);
    });
  });

  describe('JSON', () => {
    it('says what is wrong in a line before any missing column', async () => {
      await refused(
        readText('labelled.jsonl', '[\n  {\n    "question": "fine"\n'),
        /^labelled\.jsonl, line 1: a list begins here.*Name the file \.json/,
      );
      await refused(
        readText('labelled.jsonl', '\uFEFF\r\n{"question": "fine", "score": NaN}\r\n'),
        /^labelled\.jsonl, line 2: not JSON: it holds NaN or Infinity.*Write null/,
      );
      await refused(
        readText('labelled.jsonl', "{'question': 'fine'}\n"),
        /line 1: .*double quotes/,
      );
    });

    it('reads chat format: what the user asks last, and what the assistant answers', async () => {
      const turns = (...contents: unknown[]) =>
        contents.map((content, index) => ({
          role: ['system', 'user', 'assistant'][index < 1 ? 0 : 2 - (index % 2)],
          content,
        }));
      const lines = [
        turns('Classify.', 'fine', 'positive'),
        turns(
          'Classify.',
          [
            { type: 'text', text: 'aw' },
            { type: 'text', text: 'ful' },
          ],
          'negative',
        ),
        turns('Classify.', 'well,', 'go on', 'so so', 'neutral'),
        turns('Classify.', 'no answer'),
      ].map((messages) => `${JSON.stringify({ messages })}\n`);
      const { examples, bad } = await readText('labelled.jsonl', lines.join(''));
      assert.deepEqual(examples, [...two, ['so so', 'neutral']]);
      assert.deepEqual(bad, ['4: no turn of the assistant holds an answer']);
    });

    it('takes any line end between objects, and none within', async () => {
      const text =
        '{"question":"fine","answer":"positive"}\r{"question":"aw\u2028ful","answer":"negative"}\r\n';
      const { examples } = await readText('labelled.jsonl', text);
      assert.deepEqual(examples, [
        ['fine', 'positive'],
        ['aw\u2028ful', 'negative'],
      ]);
    });

    it('reads a list after a byte order mark', async () => {
      const text =
        '\uFEFF[{"question":"fine","answer":"positive"},{"question":"awful","answer":"negative"}]';
      assert.deepEqual((await readText('labelled.json', text)).examples, two);
    });

    it('names the list where a single object is around it, and what is no text', async () => {
      await refused(
        readText('labelled.json', '{"data": [{"question": "fine", "answer": "positive"}]}'),
        /holds one object with a list in it.*jq '\.\["data"\]'/,
      );
      const { bad } = await readText(
        'labelled.jsonl',
        '{"question":{"a":1},"answer":"positive"}\n{"question":"fine","answer":{"label":"positive"}}\n',
      );
      assert.equal(bad[0], '1: "question" is not a text');
      assert.match(bad[1]!, /^2: answer .* is not one of the labels/);
    });
  });

  describe('Parquet', () => {
    const write = (name: string, select: string, options = '') =>
      runSql(`COPY (${select}) TO '${join(folder.path, name)}' (FORMAT parquet ${options})`);

    it('with the names of its classes', async () => {
      const info = {
        features: { answer: { names: ['negative', 'neutral', 'positive'], _type: 'ClassLabel' } },
      };
      await write(
        'labelled.parquet',
        "SELECT * FROM (VALUES ('fine', 2), ('awful', 0), ('none', -1), ('odd', 7)) AS rows(question, answer)",
        `, KV_METADATA {huggingface: '${JSON.stringify({ info })}'}`,
      );
      const { examples, bad } = await read('labelled.parquet');
      assert.deepEqual(examples, two);
      assert.equal(bad[0], '3: "answer" is empty');
      assert.match(bad[1]!, /^4: answer "7" is not one of the labels/);
    });

    it('with booleans, decimals, dates and lists beside the answer', async () => {
      await write(
        'labelled.parquet',
        "SELECT 'fine' AS question, true AS answer, 1.50::DECIMAL(5, 2) AS price, DATE '2020-01-02' AS day, [1, 2] AS list",
      );
      const answers = { true: 'positive', false: 'negative' };
      assert.deepEqual((await read('labelled.parquet', { answers })).examples, [
        ['fine', 'positive'],
      ]);
    });

    it('under a name that would be a pattern, and in a folder that would be a column', async () => {
      await write('a1.parquet', "SELECT 'awful' AS question, 'negative' AS answer");
      await write('a[1]*?.parquet', "SELECT 'fine' AS question, 'positive' AS answer");
      assert.deepEqual((await read('a[1]*?.parquet')).examples, [['fine', 'positive']]);
      await folder.write('b1.json', '[{"question": "awful", "answer": "negative"}]');
      await folder.write('b[1].json', '[{"question": "fine", "answer": "positive"}]');
      assert.deepEqual((await read('b[1].json')).examples, [['fine', 'positive']]);
    });

    it('without rows', async () => {
      await write('labelled.parquet', "SELECT 'x' AS question, 'positive' AS answer WHERE false");
      const { files } = await read('labelled.parquet');
      assert.deepEqual([files[0]!.rows, files[0]!.kept], [0, 0]);
    });
  });

  describe('Lists of labels', () => {
    const task: TaskSpec = { type: 'multi-label', labels: ['joy', 'fear', 'pride'] };
    const answersIn = async (name: string, data?: object) => {
      const { examples, bad } = await read(name, data, task);
      return { answers: examples.map(([, answer]) => answer), bad };
    };

    it('are lists of JSON, or texts with signs between the labels', async () => {
      const rows = [
        ['fear', 'joy'],
        [],
        'joy; fear',
        'fear|joy',
        'none',
        "['joy']",
        ['joy', 'anger'],
      ];
      const lines = rows.map((answer, index) => JSON.stringify({ question: `q${index}`, answer }));
      await folder.write('labelled.jsonl', lines.join('\n'));
      const both = '["joy","fear"]';
      assert.deepEqual(await answersIn('labelled.jsonl'), {
        answers: [both, '[]', both, both, '[]', '["joy"]'],
        bad: ['7: answer "["joy","anger"]" is no list of the labels: joy, fear, pride'],
      });
    });

    it('of numbers mean what the spec says of each', async () => {
      const select = "SELECT 'one' AS question, [2, 0] AS answer UNION ALL SELECT 'two', [7]";
      await runSql(`COPY (${select}) TO '${join(folder.path, 'labelled.parquet')}'`);
      const answers = { 0: 'joy', 1: 'fear', 2: 'pride' };
      assert.deepEqual(await answersIn('labelled.parquet', { answers }), {
        answers: ['["joy","pride"]'],
        bad: ['2: answer "[7]" is no list of the labels: joy, fear, pride'],
      });
    });
  });

  describe('Options', () => {
    const columns = { options: 'choices' };
    const row = (choices: unknown, answer: unknown, index = 0) =>
      `${JSON.stringify({ question: `which ${index}?`, choices, answer })}\n`;
    const readRows = async (rows: string[], data: object = {}) => {
      await folder.write('labelled.jsonl', rows.join(''));
      const { examples, bad } = await read('labelled.jsonl', { columns, ...data }, choice);
      return { answers: examples.map(([, answer]) => answer), bad };
    };
    const four = ['w', 'x', 'y', 'z'];

    it('may be texts with labels, which the answer names', async () => {
      const { answers, bad } = await readRows([
        row({ text: four, label: ['1', '2', '3', '4'] }, '3', 0),
        row({ text: four, label: ['A', 'B', 'C', 'D'] }, 'c', 1),
        row(JSON.stringify({ text: four, label: ['5', '6', '7', '8'] }), 7, 2),
        row(
          four.map((text, index) => ({ text, label: 'PQRS'[index] })),
          'R',
          3,
        ),
        row({ text: four, label: ['A', 'B', 'C', 'D'] }, 'E', 4),
      ]);
      assert.deepEqual(answers, ['C', 'C', 'C', 'C']);
      assert.deepEqual(bad, ['5: answer "E" is none of the options\' labels, "A, B, C, D"']);
    });

    it('are counted from 0 or from 1 by digits, as the file shows or the spec says', async () => {
      const digits = (...all: unknown[]) => all.map((digit, index) => row(four, digit, index));
      const told = async (rows: string[], answers?: unknown) =>
        (await readRows(rows, { answers })).answers;
      assert.deepEqual(await told(digits(1, '4', 2)), ['A', 'D', 'B']);
      await refused(told(digits(1, 3, 2)), /nothing tells whether .*index-0 or index-1/);
      await refused(told(digits(1, 0, 2)), /^labelled\.jsonl, line 2: the answer is 0.*index-0/);
      assert.deepEqual(await told(digits(1, 3, 2), 'index-0'), ['B', 'D', 'C']);
      assert.deepEqual(await told(digits(1, 3, 2), 'index-1'), ['A', 'C', 'B']);
      assert.deepEqual(await told(digits('A', 2, 'D')), ['A', 'B', 'D']);
      await refused(told(digits('A', 2, 3)), /nothing tells whether/);
      assert.deepEqual(await told(digits('p', 'q'), { p: 'A', q: 'x' }), ['A', 'B']);
      const outside = await readRows(digits(0, 4), { answers: 'index-0' });
      assert.deepEqual(outside.bad, ['2: answer "4" names none of the 4 options (index-0)']);
    });

    it('that are numbers themselves: a digit is not guessed at', async () => {
      const rows = [row(['2', '3', '4', '5'], '3')];
      assert.match((await readRows(rows)).bad[0]!, /may be the text of an option or its number/);
      assert.deepEqual((await readRows(rows, { answers: 'text' })).answers, ['B']);
      assert.deepEqual((await readRows(rows, { answers: 'index-1' })).answers, ['C']);
      assert.deepEqual((await readRows([row(['1', '2', '3'], '2')])).answers, ['B']);
    });
  });
});
