import assert from 'node:assert/strict';
import fc from 'fast-check';
import { it } from 'mocha';
import type { z } from 'zod';
import type { TaskKind, TaskSchema } from '../../../core/tasks/kind.ts';
import { readReasoned } from '../../../core/tasks/reasoned.ts';
import type { Task } from '../../../core/tasks/task.ts';
import type { ChatMessage, Example } from '../../../core/types.ts';
import { growth, LINEAR } from '../../support/growth.ts';

/** What a text is read as: a canonical answer, or null for none. */
export type Reading = [text: string, answer: string | null];

/** A kind of task with what shows that it keeps to what the method asks of a `Task`. */
export interface KindUnderTest<Spec extends TaskSchema> {
  kind: TaskKind<Spec>;
  /** A spec's part, as a user writes it. */
  spec: z.input<Spec>;
  /** An example that models and data files answer below. */
  x: Example;
  /** Examples, each with three answers in canonical form; some may be the same. */
  cases: fc.Arbitrary<{ x: Example; answers: [string, string, string] }>;
  /** Texts as models write them: 30 or more. */
  texts: Reading[];
  /** Texts that were cut off at their end. */
  cut: Reading[];
  /** Cells of data files. */
  cells: Reading[];
  /** What models say instead of an answer, unless it is this kind's answer. */
  refusals?: string[];
}

export const REFUSALS = [
  '',
  ' \n\n',
  "I'm sorry, but I can't help with that.",
  'I cannot answer this question.',
  'As an AI language model, I am unable to give an opinion on this.',
  'I do not have enough information to answer.',
  'Sorry, something went wrong. Please try again later.',
  'Answer:',
  'Answer: <answer>',
  'The answer is',
  '```json\n```',
  '…',
];

/** An example of a task, for tests. */
export const example = (fields: Partial<Example> = {}): Example => ({
  id: '00',
  question: 'a creature that barks',
  ...fields,
});

/** Asserts what texts, or cells, are read as. */
export function assertReads(read: (text: string) => string | null, readings: readonly Reading[]) {
  for (const [text, answer] of readings) assert.equal(read(text), answer, JSON.stringify(text));
}

/** The canonical answer of a cell of a data file, or null. */
export function cellOf(task: Task, raw: string, options?: readonly string[]): string | null {
  const canonical = task.canonical(raw, options);
  return 'answer' in canonical ? canonical.answer : null;
}

const said = fc.constantFrom<ChatMessage>(
  { role: 'system', content: 'You are terse.' },
  { role: 'user', content: 'And before that?' },
  { role: 'assistant', content: 'Something else.' },
);
/** What an example may come with, whatever its kind. */
const company = fc.record(
  { context: fc.constantFrom('A story.', 'Two\nlines.'), before: fc.array(said, { maxLength: 3 }) },
  { requiredKeys: [] },
);

/** The tests that every kind of task has to pass, inside of its own `describe`. */
export function itConforms<Spec extends TaskSchema>(under: KindUnderTest<Spec>): void {
  const { kind, cases } = under;
  const spec = kind.spec.parse(under.spec);
  const task = kind.create(spec);
  const check = (property: (x: Example, answers: [string, string, string]) => void) =>
    fc.assert(fc.property(cases, ({ x, answers }) => property(x, answers)));

  it('takes what its schema makes of a spec for a spec, with the same result', () => {
    assert.deepEqual(kind.spec.parse(spec), spec);
  });

  it('reads real-looking texts', () => {
    assert.ok(under.texts.length >= 30, `${under.texts.length} texts`);
    assertReads((text) => task.parse(text, under.x), under.texts);
  });

  it('takes of a text that was cut off only what is beyond doubt', () => {
    assertReads((text) => task.parse(text, under.x, true), under.cut);
    check((x, [answer]) => {
      const target = task.target(answer);
      for (let end = 0; end < target.length; end++) {
        const read = task.parse(target.slice(0, end), x, true);
        assert.ok(read === null || read === answer, `${target.slice(0, end)}… read as ${read}`);
        const reasoned = readReasoned(task, `So.\nAnswer: ${target.slice(0, end)}`, x, true);
        assert.ok(reasoned === null || reasoned === answer);
      }
      assert.equal(readReasoned(task, `It may be ${target}`, x, true), null);
    });
  });

  it('takes no refusal for an answer', () => {
    for (const text of under.refusals ?? REFUSALS)
      for (const isCut of [false, true])
        for (const read of [task.parse, readReasoned.bind(null, task)])
          assert.equal(read(text, under.x, isCut), null, JSON.stringify(text));
  });

  it('finds the canonical answers of data files', () => {
    assertReads((raw) => cellOf(task, raw, under.x.options), under.cells);
  });

  it('has answers of one canonical form, whoever gives them', () => {
    check((x, [answer]) => {
      const target = task.target(answer);
      assert.deepEqual(task.canonical(answer, x.options), { answer });
      assert.deepEqual(task.canonical(target, x.options), { answer });
      assert.equal(task.parse(target, x), answer);
      assert.equal(task.parse(` ${target}\n`, x), answer);
      assert.equal(task.parse(`It is so for a reason.\nAnswer: ${target}`, x), answer);
      for (const mark of ['Answer: ', '**Answer:** ', 'Final answer:\n'])
        assert.equal(readReasoned(task, `It is so.\n\n${mark}${target}`, x, false), answer);
    });
  });

  it('makes of any text an answer in canonical form, or none', () => {
    const piece = fc.oneof(
      fc.constantFrom(...under.texts.flatMap(([text]) => [text, ...text.split(/(\s)/)])),
      fc.constantFrom('Answer:', ' or ', ' and ', '\n', '**', '{', '}', '[', '"', ',', '.', '%'),
      fc.string({ unit: 'grapheme', maxLength: 8 }),
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 8 }), fc.boolean(), (pieces, isCut) => {
        const { x } = under;
        const answer = task.parse(pieces.join(''), x, isCut);
        if (answer !== null) assert.deepEqual(task.canonical(answer, x.options), { answer });
      }),
    );
  });

  it('reads in a time that grows with the text, whatever is repeated without end', () => {
    const [word] = under.texts.find(([, answer]) => answer !== null)!;
    for (const unit of [`${word}, `, ' ', '*', 'Answer: ', '\n- ', '{"', '[', '1 ']) {
      const grown = growth((size) => {
        const text = `${word} ${unit.repeat(size / unit.length)}x`;
        for (const isCut of [false, true]) task.parse(text, under.x, isCut);
      }, 800);
      assert.ok(grown < LINEAR, `${JSON.stringify(unit)}: ${grown} times as long`);
    }
  });

  it('has agreement that is an equivalence', () => {
    check((_, [a, b, c]) => {
      assert.ok(task.equal(a, a));
      assert.equal(task.equal(a, b), task.equal(b, a));
      if (task.equal(a, b) && task.equal(b, c)) assert.ok(task.equal(a, c));
    });
  });

  it('grades: all for the gold answer, nothing without an answer', () => {
    const names = task.metrics.map(({ name }) => name);
    assert.equal(new Set(names).size, names.length);
    check((x, [gold, other]) => {
      const known = { ...x, answer: gold };
      const ofGold = task.grade(gold, known);
      const ofNone = task.grade(null, known);
      const ofOther = task.grade(other, known);
      for (const [index, { name, test }] of task.metrics.entries()) {
        assert.equal(ofGold[index]!.got, ofGold[index]!.of, name);
        assert.equal(ofNone[index]!.got, 0, name);
        for (const grades of [ofGold, ofNone, ofOther]) {
          assert.equal(grades.length, names.length);
          const { got, of } = grades[index]!;
          assert.ok(0 <= got && got <= of, `${name}: ${got} of ${of}`);
          if (test === 'mcnemar') assert.ok(of === 1 && (got === 0 || got === 1), name);
        }
      }
    });
  });

  it('asks with one instruction for all examples, and never with their answers', () => {
    fc.assert(
      fc.property(cases, company, ({ x, answers: [answer, other] }, more) => {
        const asked = task.prompt(x, []);
        assert.deepEqual(
          asked.map(({ role }) => role),
          ['system', 'user'],
        );
        assert.deepEqual(asked[0], task.prompt(under.x, [])[0]);
        assert.deepEqual(task.prompt({ ...x, answer }, []), asked);
        const candidates = [answer, other];
        assert.deepEqual(task.justify({ ...x, answer }, candidates), task.justify(x, candidates));
        assert.throws(() => task.justify(x, []), RangeError);

        const within = task.prompt({ ...x, ...more }, []);
        const before = more.before ?? [];
        const turns = before.filter(({ role }) => role !== 'system');
        assert.deepEqual(within.slice(1, -1), turns);
        assert.ok(within.at(-1)!.content.includes(more.context ?? ''));
        for (const { role, content } of before)
          if (role === 'system') assert.ok(within[0]!.content.includes(content));
      }),
    );
  });

  it('teaches what it asks, and the gold answer', () => {
    fc.assert(
      fc.property(cases, company, ({ x, answers: [answer] }, more) => {
        const given = { ...x, ...more };
        const { messages } = task.trainingRow(given, answer);
        assert.deepEqual(messages.slice(0, -1), task.prompt(given, []));
        assert.equal(messages.at(-1)!.role, 'assistant');
        assert.equal(task.parse(messages.at(-1)!.content, given), answer);
        const shots = [{ ...x, answer }];
        const taught = task.trainingRow(x, answer).messages;
        assert.deepEqual(task.prompt(x, shots).slice(0, -1), taught);
        assert.equal(task.asAnswerTo?.(x, shots[0]!) ?? answer, answer);
      }),
    );
  });
}
