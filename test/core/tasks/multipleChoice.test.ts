import assert from 'node:assert/strict';
import fc from 'fast-check';
import { describe, it } from 'mocha';
import { builtIn } from '../../../core/registry.ts';
import { letterOf } from '../../../core/tasks/answers.ts';
import { multipleChoice } from '../../../core/tasks/multipleChoice.ts';
import { example, itConforms } from './conformance.ts';

describe('multiple choice', () => {
  const spec = { type: 'multiple-choice', instruction: 'Choose.' } as const;
  const task = builtIn.task(spec);
  const options = ['Vitamin C', 'a red plant', 'a dog', '42'];
  const texts = fc.array(
    fc.string({ minLength: 1 }).filter((text) => text.trim() !== ''),
    { minLength: 2, maxLength: 26 },
  );

  itConforms({
    kind: multipleChoice,
    spec,
    x: example({ options }),
    cases: texts.chain((given) => {
      const letter = fc.nat(given.length - 1).map(letterOf);
      const x = fc.constant(example({ options: given }));
      return fc.record({ x, answers: fc.tuple(letter, letter, letter) });
    }),
    texts: [
      ['B', 'B'],
      ['b', 'B'],
      ['B.', 'B'],
      ['(B)', 'B'],
      [' B)\n', 'B'],
      ['Answer: B', 'B'],
      ['Answer: b', 'B'],
      ['**Answer:** B', 'B'],
      ['The answer is B', 'B'],
      ['The correct answer is (B).', 'B'],
      ['Answer: B because it is red', 'B'],
      ['Option B', 'B'],
      ['B is correct', 'B'],
      ['A. Vitamin C', 'A'],
      ['B. a red plant\nC is wrong.', 'B'],
      ['a dog', 'C'],
      ['It must be the 42', 'D'],
      ['A dog.', 'C'],
      ['Vitamin C', 'A'],
      ['A dog is no plant.\nAnswer: B', 'B'],
      ['E', null],
      ['Answer: E', null],
      ['2', null],
      ['', null],
      ['A or B', null],
      ['Answer: A or B', null],
      ['A mammal lives here', null],
      ['B. a red plant or C. a dog', null],
      ['{"answer": "C"}', 'C'],
      ['$\\boxed{C}$', 'C'],
    ],
    cut: [
      ['B', 'B'],
      ['(C) a dog', 'C'],
      ['A', 'A'],
      ['a do', null],
      ['Answer: B', 'B'],
      ['The answer is', null],
      ['B. a red plant, since', 'B'],
      ['Vitamin', null],
    ],
    cells: [
      ['C', 'C'],
      ['c', 'C'],
      ['(C)', 'C'],
      ['3', 'C'],
      ['A dog', 'C'],
      ['42', 'D'],
      ['E', null],
      ['5', null],
      ['0', null],
      ['a cat', null],
      ['', null],
    ],
  });

  it('takes a letter for a letter, also where it is the text of another option', () => {
    const letters = example({ options: ['c', 'b', 'a'] });
    assert.equal(task.parse('C', letters), 'C');
    assert.equal(task.parse('Answer: A', letters), 'A');
    assert.equal(task.parse('C. a', letters), 'C');
    assert.equal(task.parse('K', example({ options: ['Na', 'K'] })), 'B');
  });

  it('cannot tell options of the same text apart, except by letter', () => {
    const twins = example({ options: ['same', 'Same', 'other'] });
    assert.equal(task.parse('same', twins), null);
    assert.equal(task.parse('B. same', twins), 'B');
    assert.match(JSON.stringify(task.canonical('same', twins.options)), /options A and B/);
  });

  it('reads its own target, and never a letter outside the options', () => {
    const texts = fc.array(fc.string({ minLength: 1 }), { minLength: 2, maxLength: 26 });
    fc.assert(
      fc.property(texts, fc.string(), (given, text) => {
        const x = example({ options: given });
        given.forEach((_, index) => {
          const letter = String.fromCharCode(65 + index);
          assert.equal(task.parse(task.target(letter), x), letter);
        });
        const letter = task.parse(text, x);
        assert.ok(letter === null || letter.charCodeAt(0) - 65 < given.length);
      }),
    );
  });

  it('lists the options by letter', () => {
    const content = task.prompt(example({ options, context: 'Read.' }), []).at(-1)!.content;
    assert.equal(
      content,
      'Read.\n\na creature that barks\nA. Vitamin C\nB. a red plant\nC. a dog\nD. 42',
    );
    assert.match(
      task.justify(example({ options }), ['C', 'B']).at(-1)!.content,
      /- C\. a dog\n- B/,
    );
  });

  it('finds the canonical answer of a data file: letter, digit or text', () => {
    for (const raw of ['C', 'c', '(C)', '3', 'A dog'])
      assert.deepEqual(task.canonical(raw, options), { answer: 'C' }, raw);
    assert.deepEqual(task.canonical('42', options), { answer: 'D' });
    assert.deepEqual(task.canonical('red-plant', ['x', 'Red plant']), { answer: 'B' });
    assert.deepEqual(task.canonical('x-y', ['xy', 'x-y']), { answer: 'B' }, 'as it is written');
    for (const raw of ['E', '5', '0', 'a cat', ''])
      assert.ok('problem' in task.canonical(raw, options), raw);
    assert.ok('problem' in task.canonical('A', undefined));
  });

  it('wants 2 to 26 options, none of them empty', () => {
    assert.equal(task.checkOptions(options), null);
    assert.match(task.checkOptions(undefined)!, /not 0/);
    assert.match(task.checkOptions(['one'])!, /not 1/);
    assert.match(task.checkOptions(Array(27).fill('x'))!, /not 27/);
    assert.match(task.checkOptions(['x', ' '])!, /option B is empty/);
  });
});
