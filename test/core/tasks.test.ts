import assert from 'node:assert/strict';
import fc from 'fast-check';
import { describe, it } from 'mocha';
import { builtIn } from '../../core/registry.ts';
import { classification } from '../../core/tasks/classification.ts';
import { fold } from '../../core/text.ts';
import type { Example, Shot } from '../../core/types.ts';

const example = (fields: Partial<Example> = {}): Example => ({
  id: '00',
  question: 'a creature that barks',
  ...fields,
});
const parses = (read: (text: string) => string | null, cases: [string, string | null][]) => {
  for (const [text, expected] of cases) assert.equal(read(text), expected, JSON.stringify(text));
};

describe('classification', () => {
  const labels = ['animal', 'plant', 'flowering plant', 'New York', 'non-plant'];
  const task = builtIn.task({ type: 'classification', instruction: 'Name the category.', labels });
  const read = (text: string) => task.parse(text, example());

  it('reads a label in the shapes models give it', () => {
    parses(read, [
      ['animal', 'animal'],
      ['Animal.', 'animal'],
      [' animal\n', 'animal'],
      ['"animal"', 'animal'],
      ['**Answer:** animal', 'animal'],
      ['Answer: **Animal**', 'animal'],
      ['Answer:\nanimal', 'animal'],
      ['new  york!', 'New York'],
      ['It is an animal of some kind', 'animal'],
      ['a flowering plant', 'flowering plant'],
      ['non-plant', 'non-plant'],
      ['animal\nA plant does not bark.', 'animal'],
    ]);
  });

  it('takes what is marked as the answer, the last mark first', () => {
    parses(read, [
      ['A plant has leaves; this barks. Answer: animal', 'animal'],
      ['Answer: plant? No.\nAnswer: animal', 'animal'],
      ['The answer is animal, not plant.', 'animal'],
      ['The answer is clearly animal', 'animal'],
      ['Answer: animal\nI hope this answer is useful.', 'animal'],
      ['The answer is not plant. Answer: animal.', 'animal'],
    ]);
  });

  it('reads nothing where none or several are given', () => {
    parses(read, [
      ['', null],
      ['mineral', null],
      ['animal or plant', null],
      ['Answer: animal or plant', null],
      ['animals', null],
      ['implant', null],
      ['Answer: <answer>', null],
    ]);
  });

  it('reads its own target, whatever the labels', () => {
    const choose = { type: 'classification', instruction: 'Choose.' } as const;
    const label = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 12 });
    const distinct = fc
      .uniqueArray(label, { minLength: 2, maxLength: 6, selector: fold })
      .filter((given) => given.every((one) => fold(one) !== ''));
    fc.assert(
      fc.property(distinct, (given) => {
        const any = classification.create({ ...choose, labels: given });
        for (const one of given) assert.equal(any.parse(any.target(one), example()), one);
      }),
    );
  });

  it('gives a label or null for any text', () => {
    const word = fc.constantFrom('animal', 'plant', 'Answer:', 'is', 'or', '\n', '**', 'x', '.');
    fc.assert(
      fc.property(fc.array(fc.oneof(word, fc.string())), (words) => {
        const label = read(words.join(' '));
        assert.ok(label === null || labels.includes(label));
      }),
    );
  });

  it('asks in turns, with the instruction first and the same for all', () => {
    const shot: Shot = { id: '01', question: 'it grows', answer: 'plant' };
    const messages = task.prompt(example({ context: 'A story.' }), [shot]);
    assert.deepEqual(
      messages.map((one) => one.role),
      ['system', 'user', 'assistant', 'user'],
    );
    assert.match(messages[0]!.content, /^Name the category\.\nLabels: animal, plant, /);
    assert.equal(messages[2]!.content, 'plant');
    assert.equal(messages[3]!.content, 'A story.\n\na creature that barks');
    assert.deepEqual(task.trainingRow(shot, 'plant').messages, messages.slice(0, 3));
  });

  it('asks to justify one of the candidates', () => {
    const text = task.justify(example(), ['animal', 'plant']).at(-1)!.content;
    assert.match(text, /a creature that barks/);
    assert.match(text, /\n- animal\n- plant\n/);
    assert.match(text, /Answer: <answer>$/);
    assert.throws(() => task.justify(example(), []), RangeError);
  });

  it('finds the canonical answer of a data file', () => {
    const options = ['mineral', 'Plant'];
    assert.deepEqual(task.canonical(' ANIMAL', undefined), { answer: 'animal' });
    assert.deepEqual(task.canonical('Flowering_plant', undefined), { answer: 'flowering plant' });
    assert.deepEqual(task.canonical('A', ['newYork', 'x']), { answer: 'New York' });
    assert.deepEqual(task.canonical('B', options), { answer: 'plant' });
    assert.deepEqual(task.canonical('2', options), { answer: 'plant' });
    const problem = (raw: string, given?: string[]) => {
      const result = task.canonical(raw, given);
      return 'problem' in result ? result.problem : assert.fail(`${raw} was taken`);
    };
    assert.match(problem('A', options), /option A, "mineral" is not one of the labels: animal/);
    assert.match(problem('C', options), /"C" names none of the 2 options/);
    assert.match(problem('0', options), /digits from 1/);
    assert.match(problem('B'), /"B" is not one of the labels/);
    assert.match(problem('', options), /"" is not one of the labels/);
  });

  it('prefers a label word to a position', () => {
    const digits = builtIn.task({
      type: 'classification',
      instruction: 'Rate.',
      labels: ['2', '1'],
    });
    assert.deepEqual(digits.canonical('1', ['2', '1']), { answer: '1' });
  });

  it('grades by equality in any case', () => {
    assert.equal(task.grade('Animal', example({ answer: 'animal' }))[0]!.got, 1);
    assert.equal(task.grade('plant', example({ answer: 'animal' }))[0]!.got, 0);
    assert.equal(task.grade(null, example({ answer: 'animal' }))[0]!.got, 0);
    assert.equal(task.grade('animal', example())[0]!.got, 0);
    assert.equal(task.checkOptions(undefined), null);
  });
});

describe('multiple choice', () => {
  const task = builtIn.task({ type: 'multiple-choice', instruction: 'Choose.' });
  const options = ['Vitamin C', 'a red plant', 'a dog', '42'];
  const read = (text: string) => task.parse(text, example({ options }));

  it('reads a letter or the text of an option', () => {
    parses(read, [
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
    ]);
  });

  it('reads nothing outside the options, nor where several are given', () => {
    parses(read, [
      ['E', null],
      ['Answer: E', null],
      ['2', null],
      ['', null],
      ['A or B', null],
      ['Answer: A or B', null],
      ['A mammal lives here', null],
      ['B. a red plant or C. a dog', null],
    ]);
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
