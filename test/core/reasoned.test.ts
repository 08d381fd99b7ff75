import assert from 'node:assert/strict';
import fc from 'fast-check';
import { describe, it } from 'mocha';
import { builtIn } from '../../core/registry.ts';
import { conversation } from '../../core/tasks/conversation.ts';
import { answerStart, readReasoned } from '../../core/tasks/reasoned.ts';
import type { Example } from '../../core/types.ts';

const x: Example = { id: '00', question: 'a creature that barks' };
const labels = ['animal', 'plant', 'plant food'];
const task = builtIn.task({ type: 'classification', instruction: 'Name the category.', labels });
const read = (text: string, isCut = false) => readReasoned(task, text, x, isCut);

describe('an answer after reasoning', () => {
  it('is what the last mark at the beginning of a line speaks of', () => {
    for (const text of [
      'A plant has leaves, this barks.\nAnswer: animal',
      'Plant food? No.\n\n**Answer:** animal',
      'Plant food? No.\n\n**Answer: animal**',
      '> The plant is out.\n> Final answer: Animal.',
      '### Final Answer:\nANIMAL',
      'Answer: plant\nNo, it barks.\nAnswer: animal',
      'It barks, unlike a plant.\nThe answer is: animal',
      'So the best answer is plant? No.\nANSWER： animal',
    ])
      assert.equal(read(text), 'animal', text);
  });

  it('is found in a time that grows with the text', () => {
    const text = `${'\n'.repeat(200_000)}${'- '.repeat(100_000)}x\nAnswer: animal`;
    const start = performance.now();
    assert.equal(answerStart(text), text.length - ' animal'.length);
    assert.ok(performance.now() - start < 1_000);
  });

  it('is the longer of labels that begin alike', () => {
    assert.equal(read('Not a plant.\nAnswer: Plant food'), 'plant food');
  });

  it('is what the whole text gives, where it has no mark', () => {
    assert.equal(read('animal'), 'animal');
    assert.equal(read('It barks, so it is an animal.'), 'animal');
    assert.equal(read('It is no plant but an animal, or plant food.'), null);
  });

  it('is none where the text was cut off before it', () => {
    assert.equal(read('It barks, so it is an animal.', true), null);
    assert.equal(read('It barks.\nAnswer: plant', true), null, 'it may go on: plant food');
    assert.equal(read('It barks.\nAnswer: animal', true), 'animal');
    assert.equal(read('animal\nAnswer:', true), null);
  });

  it('is none where it is refused', () => {
    for (const text of [
      'I cannot help with that.',
      'Answer: none of these',
      'Answer: <answer>',
      '',
    ])
      assert.equal(read(text), null, text);
  });

  it('is the one that was stated, whatever was thought before', () => {
    const thoughts = fc.array(
      fc.oneof(fc.constantFrom(...labels, 'Answer', '\n', '**'), fc.string()),
    );
    fc.assert(
      fc.property(thoughts, fc.constantFrom(...labels), (words, label) => {
        const text = `${words.join(' ')}\nAnswer: ${label}`;
        assert.equal(read(text), label);
        assert.equal(text.slice(answerStart(text)!).trim(), label);
      }),
    );
  });
});

describe('a conversation of answers after reasoning', () => {
  const shot = { ...x, id: '01', question: 'a thing with leaves', answer: 'plant' };
  const contents = (messages: { content: string }[]) => messages.map(({ content }) => content);

  it('asks to think first, and shows worked examples that end as answers are to end', () => {
    assert.deepEqual(contents(task.prompt(x, [shot], { isReasoned: true })), [
      'Name the category.\nLabels: animal, plant, plant food\nThink step by step. End with the line:\nAnswer: <one of the labels>',
      'a thing with leaves',
      'Answer: plant',
      'a creature that barks',
    ]);
  });

  it("asks for it after a system prompt of one's own, and where a kind does not say what answers are", () => {
    const [{ content } = { content: '' }] = task.prompt(x, [], {
      system: 'Be brief.',
      isReasoned: true,
    });
    assert.match(content, /^Be brief\.\nThink step by step\./);
    const plain = conversation({
      ...{ system: 'Yes or no?', justifySystem: '' },
      question: ({ question }) => question,
      candidate: (_, answer) => answer,
      target: (answer) => answer,
    });
    assert.match(plain.prompt(x, [], { isReasoned: true })[0]!.content, /Answer: <answer>$/);
    assert.equal(plain.prompt(x, [])[0]!.content, 'Yes or no?');
  });

  it('teaches the response that was chosen under the instruction that it followed', () => {
    const response = 'It barks.\nAnswer: animal';
    const row = task.trainingRow(x, 'animal', { response, manner: { isReasoned: true } });
    assert.deepEqual(contents(row.messages), [
      ...contents(task.prompt(x, [], { isReasoned: true })),
      response,
    ]);
    const direct = task.trainingRow(x, 'animal');
    assert.deepEqual(contents(direct.messages), [...contents(task.prompt(x, [])), 'animal']);
  });
});
