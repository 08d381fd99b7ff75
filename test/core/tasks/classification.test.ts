import assert from 'node:assert/strict';
import fc from 'fast-check';
import { describe, it } from 'mocha';
import { builtIn } from '../../../core/registry.ts';
import { classification } from '../../../core/tasks/classification.ts';
import { fold } from '../../../core/text.ts';
import type { Shot } from '../../../core/types.ts';
import { example, itConforms } from './conformance.ts';

describe('classification', () => {
  const labels = ['animal', 'plant', 'flowering plant', 'New York', 'non-plant'];
  const spec = { type: 'classification', instruction: 'Name the category.', labels } as const;
  const task = builtIn.task(spec);
  const label = fc.constantFrom(...labels);

  itConforms({
    kind: classification,
    spec: { ...spec, labels },
    x: example(),
    cases: fc.record({ x: fc.constant(example()), answers: fc.tuple(label, label, label) }),
    texts: [
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
      ['A plant has leaves; this barks. Answer: animal', 'animal'],
      ['Answer: plant? No.\nAnswer: animal', 'animal'],
      ['The answer is animal, not plant.', 'animal'],
      ['The answer is clearly animal', 'animal'],
      ['Answer: animal\nI hope this answer is useful.', 'animal'],
      ['The answer is not plant. Answer: animal.', 'animal'],
      ['', null],
      ['mineral', null],
      ['animal or plant', null],
      ['Answer: animal or plant', null],
      ['animals', null],
      ['implant', null],
      ['Answer: <answer>', null],
      ['{"label": "animal"}', 'animal'],
      ['```json\n{"answer": "flowering_plant"}\n```', 'flowering plant'],
      ['Label: Animal', 'animal'],
      ['The text is about an **animal**.', 'animal'],
      ['I would say: animal', 'animal'],
    ],
    cut: [
      ['animal', 'animal'],
      ['animal. It bar', 'animal'],
      ['**Answer:** anim', null],
      ['Answer: animal', 'animal'],
      ['It is an animal, since it ba', null],
      ['new', null],
      ['New York', 'New York'],
      ['The answer is flowering', null],
    ],
    cells: [
      [' ANIMAL', 'animal'],
      ['Flowering_plant', 'flowering plant'],
      ['new york', 'New York'],
      ['mineral', null],
      ['animal or plant', null],
      ['A', null],
      ['', null],
    ],
  });

  it('reads its own target, whatever the labels', () => {
    const choose = { type: 'classification', instruction: 'Choose.' } as const;
    const word = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 12 });
    const distinct = fc
      .uniqueArray(word, { minLength: 2, maxLength: 6, selector: fold })
      .filter((given) => given.every((one) => fold(one) !== ''));
    fc.assert(
      fc.property(distinct, (given) => {
        const any = classification.create({ ...choose, labels: given });
        for (const one of given) assert.equal(any.parse(any.target(one), example()), one);
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
