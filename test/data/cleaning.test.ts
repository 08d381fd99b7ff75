import assert from 'node:assert/strict';
import fc from 'fast-check';
import { describe, it } from 'mocha';
import { builtIn } from '../../core/registry.ts';
import { dataSpec } from '../../core/spec.ts';
import type { Split } from '../../core/types.ts';
import { Cleaning } from '../../data/cleaning.ts';
import { exampleId, exampleOf } from '../../data/example.ts';
import { choice, sentiment } from './support.ts';

const data = dataSpec.parse({ labelled: 'l', unlabelled: 'u', test: 't' });

describe('The id of an example', () => {
  it('does not change with white space or composition, but with anything else', () => {
    const id = exampleId({ question: 'Is café  open?', options: ['a b', 'c'] });
    assert.match(id, /^[0-9a-f]{64}$/);
    assert.equal(exampleId({ question: ' Is cafe\u0301\n open? ', options: ['a\tb', 'c '] }), id);
    const others = [
      { question: 'is café open?', options: ['a b', 'c'] },
      { question: 'Is café open?', options: ['c', 'a b'] },
      { question: 'Is café open?', options: ['a b c'] },
      { question: 'Is café open?' },
      { question: 'Is café open?', options: [] },
      { question: 'Is café open?', options: ['a b', 'c'], context: '' },
    ];
    assert.equal(new Set([id, ...others.map(exampleId)]).size, 7);
  });

  it('is the same only for the same normalised parts', () => {
    const text = fc.string({ unit: fc.constantFrom('a', '"', ',', '[', ' ', '\\') });
    fc.assert(
      fc.property(text, text, fc.array(text), fc.array(text), (q1, q2, o1, o2) => {
        const parts = (question: string, options: string[]) =>
          JSON.stringify([question, ...options].map((one) => one.replace(/\s+/g, ' ').trim()));
        const same = parts(q1, o1) === parts(q2, o2) && o1.length === o2.length;
        const a = exampleId({ question: q1, options: o1 });
        assert.equal(a === exampleId({ question: q2, options: o2 }), same);
      }),
    );
  });
});

describe('A record', () => {
  const task = builtIn.task(choice);
  const read = (values: Record<string, unknown>, needsAnswer = true) => {
    const found = exampleOf(values, data, task, needsAnswer);
    return found.problem ?? found.example;
  };
  const good = { question: 'Which?', options: '["x", "y"]', answer: 'b', context: 'Read.' };

  it('becomes an example, options from JSON or a list, answers in canonical form', () => {
    const { id: _, ...example } = read(good) as { id: string };
    const expected = { question: 'Which?', options: ['x', 'y'], answer: 'B', context: 'Read.' };
    assert.deepEqual(example, expected);
    for (const answer of [2, '2', 'B', 'y']) {
      const { id: _, ...same } = read({ ...good, options: ['x', 'y'], answer }) as { id: string };
      assert.deepEqual(same, expected);
    }
    const { context } = read({ ...good, context: ' ' }) as { context?: string };
    assert.equal(context, undefined);
  });

  it('has a problem when a part is missing or wrong', () => {
    assert.equal(read({ ...good, question: ' \n' }), '"question" is empty');
    assert.equal(read({ ...good, question: null }), '"question" is empty');
    assert.equal(read({ ...good, answer: '' }), '"answer" is empty');
    assert.match(read({ ...good, answer: 'E' }) as string, /names none of the 2 options/);
    assert.match(
      read({ ...good, options: "['x', 'y']" }) as string,
      /not a JSON list: write it as/,
    );
    assert.match(read({ ...good, options: '["x", NaN]' }) as string, /it holds NaN/);
    assert.match(read({ ...good, options: '{"a": 1}' }) as string, /not a JSON list/);
    assert.match(read({ ...good, options: '["x"]' }) as string, /2 to 26 options/);
    assert.match(read({ ...good, options: '' }) as string, /2 to 26 options/);
  });

  it('without a readable answer is an example still where none is needed', () => {
    for (const answer of [undefined, '', '?', 'Z']) {
      const example = read({ ...good, answer }, false) as { answer?: string };
      assert.equal(example.answer, undefined);
    }
    assert.equal((read(good, false) as { answer?: string }).answer, 'B');
  });
});

describe('Cleaning', () => {
  const clean = (rows: [Split, string, string?][]) => {
    const cleaning = new Cleaning(data, builtIn.task(sentiment));
    const kept = rows.map(([split, question, answer], index) => {
      if (split !== rows[index - 1]?.[0]) cleaning.open(split, 'f.csv');
      return cleaning.take(cleaning.parse({ line: index + 1, values: { question, answer } }));
    });
    return { cleaning, kept: kept.flatMap((one) => (one ? [`${one.split} ${one.ordinal}`] : [])) };
  };

  it('keeps the first of equal rows and counts the others', () => {
    const { cleaning, kept } = clean([
      ['test', 'a', 'positive'],
      ['test', ' a', 'POSITIVE'],
      ['labelled', 'b', 'neutral'],
      ['labelled', 'b ', 'neutral'],
      ['unlabelled', 'c'],
      ['unlabelled', 'c'],
      ['unlabelled', 'd', 'nonsense'],
    ]);
    assert.deepEqual(kept, ['test 0', 'labelled 0', 'unlabelled 0', 'unlabelled 1']);
    assert.deepEqual(
      cleaning.report.files.map(({ split, repeated, bad }) => [split, repeated, bad]),
      [
        ['test', 1, {}],
        ['labelled', 1, {}],
        ['unlabelled', 1, {}],
      ],
    );
  });

  it('keeps what is in two splits out of training', () => {
    const { cleaning, kept } = clean([
      ['test', 'a', 'positive'],
      ['labelled', 'a', 'positive'],
      ['labelled', 'b', 'neutral'],
      ['unlabelled', 'a'],
      ['unlabelled', 'b'],
      ['unlabelled', 'b'],
    ]);
    assert.deepEqual(kept, ['test 0', 'labelled 0']);
    assert.deepEqual(
      cleaning.report.files.map(({ split, inTest, inLabelled }) => [split, inTest, inLabelled]),
      [
        ['test', 0, 0],
        ['labelled', 1, 0],
        ['unlabelled', 1, 2],
      ],
    );
  });

  it('reports a second, different answer to the same question', () => {
    const { cleaning, kept } = clean([
      ['labelled', 'a', 'positive'],
      ['labelled', 'a', 'negative'],
    ]);
    assert.deepEqual(kept, ['labelled 0']);
    assert.deepEqual(cleaning.report.problems, [
      { file: 'f.csv', line: 2, problem: 'an earlier row gives another answer to it' },
    ]);
  });

  it('gives dense ordinals, whatever is left out', () => {
    const row = fc.tuple(
      fc.constantFrom<Split>('test', 'labelled', 'unlabelled'),
      fc.constantFrom('a', 'b', 'c', 'd', 'e', ''),
      fc.constantFrom('positive', 'negative', 'wrong'),
    );
    const order = ['test', 'labelled', 'unlabelled'];
    fc.assert(
      fc.property(fc.array(row, { maxLength: 40 }), (rows) => {
        rows.sort(([a], [b]) => order.indexOf(a) - order.indexOf(b));
        const { cleaning, kept } = clean(rows);
        const { files } = cleaning.report;
        const left = Object.entries(cleaning.counts).flatMap(([split, count]) =>
          Array.from({ length: count }, (_, ordinal) => `${split} ${ordinal}`),
        );
        assert.deepEqual([...kept].sort(), left.sort());
        assert.equal(
          rows.length,
          files.reduce((sum, file) => sum + file.rows, 0),
        );
        for (const { rows: read, bad, ...file } of files) {
          const { kept, repeated, inTest, inLabelled } = file;
          const parts = [kept, repeated, inTest, inLabelled, ...Object.values(bad)];
          assert.equal(
            read,
            parts.reduce((sum, count) => sum + count, 0),
          );
        }
      }),
    );
  });

  it('stops at more bad rows than are allowed, and lists the first five', () => {
    const rows = Array.from({ length: 100 }, (_, index): [Split, string, string] => [
      'labelled',
      `q${index}`,
      index < 10 ? 'bad' : 'neutral',
    ]);
    const { cleaning } = clean(rows);
    cleaning.checkRows('labelled', 0.1);
    assert.throws(
      () => cleaning.checkRows('labelled', 0.09),
      (error: Error) => {
        const [summary, ...listed] = error.message.split('\n');
        assert.match(summary!, /^10 of 100 labelled rows cannot be used; at most 9 %/);
        assert.equal(listed.length, 5);
        assert.match(listed[0]!, /f\.csv, line 1: answer "bad" is not one of the labels/);
        return error.name === 'DataError';
      },
    );
  });

  it('stops where a split is or becomes empty', () => {
    const { cleaning } = clean([
      ['test', 'a', 'positive'],
      ['unlabelled', 'a'],
    ]);
    assert.throws(() => cleaning.checkRows('labelled', 1), /labelled files hold no rows/);
    assert.throws(
      () => cleaning.checkLeft('unlabelled'),
      /No unlabelled example is left: of 1 rows/,
    );
  });
});
