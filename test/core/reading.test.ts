import assert from 'node:assert/strict';
import fc from 'fast-check';
import { describe, it } from 'mocha';
import { builtIn } from '../../core/registry.ts';
import type { Example } from '../../core/types.ts';
import { growth, LINEAR } from '../support/growth.ts';

const example = (options?: string[]): Example => ({ id: '00', question: 'what?', options });
/** Reads with these labels. */
const labelled = (...labels: string[]) => {
  const task = builtIn.task({ type: 'classification', instruction: 'Choose.', labels });
  return (text: string, isCut = false) => task.parse(text, example(), isCut);
};
/** Reads with these options. */
const optional = (...options: string[]) => {
  const task = builtIn.task({ type: 'multiple-choice', instruction: 'Choose.' });
  return (text: string, isCut = false) => task.parse(text, example(options), isCut);
};
type Read = ReturnType<typeof labelled>;
function reads(read: Read, cases: Record<string, string | null>, isCut = false): void {
  for (const [text, expected] of Object.entries(cases))
    assert.equal(read(text, isCut), expected, JSON.stringify(text));
}

describe('an answer read from a text', () => {
  describe('is a label in any spelling', () => {
    it('and never one inside of it', () => {
      reads(labelled('spam', 'not spam'), {
        not_spam: 'not spam',
        'not-spam': 'not spam',
        notSpam: 'not spam',
        'The answer is not_spam.': 'not spam',
        'It is NotSpam because it is kind.': 'not spam',
        'This is not  spam': 'not spam',
        spam: 'spam',
      });
      reads(labelled('positive', 'not_so_positive'), {
        'not so positive': 'not_so_positive',
        'Not-so-positive, I think': 'not_so_positive',
        'not\\_so\\_positive': 'not_so_positive',
        'so positive': 'positive',
      });
      reads(labelled('spam', 'ham'), { not_spam: null, 'not-spam': null, notSpam: null });
    });

    it('whichever way the spec has it', () => {
      for (const label of ['notSpam', 'not_spam', 'Not Spam', 'not-spam'])
        for (const text of ['not spam', 'NOT_SPAM', 'notspam', 'It is not-spam, surely'])
          assert.equal(labelled('spam', label)(text), label, text);
      reads(labelled('Sci/Tech', 'World'), {
        'Sci-Tech': 'Sci/Tech',
        'It is sci tech.': 'Sci/Tech',
        'World/Sci/Tech': null,
      });
      reads(labelled('COVID-19', 'iPhone', 'PyTorch Lightning'), {
        covid19: 'COVID-19',
        'It is Covid 19.': 'COVID-19',
        'an iphone': 'iPhone',
        'pytorch-lightning': 'PyTorch Lightning',
      });
    });

    it('but not in words that only sound like it', () => {
      reads(labelled('notable', 'together'), { 'It is no table.': null, 'to get her home': null });
    });

    it('also where it ends in signs', () => {
      reads(labelled('C', 'C++', 'C#', '.NET'), {
        'C++': 'C++',
        'It is C++.': 'C++',
        '**C#**': 'C#',
        'Answer: .NET': '.NET',
        'I would say C, since it is old': 'C',
      });
      reads(labelled('C', 'Java'), { 'C++': null, 'C#': null, 'C++ or so': null });
      reads(labelled('A', 'A-', 'A+'), { 'A-': 'A-', 'Grade: A+': 'A+', 'Grade: A.': 'A' });
      reads(labelled('-1', '0', '1'), { '-1': '-1', 'It is -1.': '-1', 'It is 1.': '1' });
      reads(labelled('1', '2'), { '-1': null, '1.5': null, '1-2': null, '1': '1' });
    });

    it('but none that is denied', () => {
      reads(labelled('animal', 'plant'), {
        'not animal': null,
        'It is not an animal.': null,
        "It isn't a plant": null,
        'not a plant, but an animal': 'animal',
        'animal, not plant': 'animal',
      });
    });
  });

  describe('may be wrapped', () => {
    it('in LaTeX, JSON, code or Markdown', () => {
      for (const read of [labelled('A', 'B', 'C'), optional('x', 'y', 'z')])
        reads(read, {
          '\\boxed{B}': 'B',
          'C is wrong, so $\\boxed{\\text{B}}$.': 'B',
          '{"answer": "B"}': 'B',
          '{"reason": "The answer is A? No.",\n "answer": "B"}': 'B',
          '{"choice": ["B"], "confidence": 0.9}': 'B',
          '```json\n{"answer": "B"}\n```': 'B',
          'So:\n```json\n{"answer": "B"}\n```': 'B',
          '```\nB\n```': 'B',
          '**B**': 'B',
          '(B)': 'B',
          'B)': 'B',
          '[B]': 'B',
          '<answer>B</answer>': 'B',
          '{"answer": "A or B"}': null,
          '{"one": "A", "other": "B"}': null,
        });
      reads(labelled('not spam', 'spam'), {
        '\\boxed{\\text{not\\_spam}}': 'not spam',
        '{"class": "not_spam", "why": "no spam in it"}': 'not spam',
      });
    });
  });

  describe('that was cut off', () => {
    const read = labelled('animal', 'plant', 'flowering plant', 'flowering');

    it('is the text, or what it opens with or states before the cut', () => {
      const cases = {
        animal: 'animal',
        '**animal**': 'animal',
        'Category: animal\nThe text': 'animal',
        'animal animal animal ani': 'animal',
        'Animal. A plant does not bark, so': 'animal',
        'animal is what a dog is, and the': 'animal',
        'animal\nQuestion: a tree\nAnswer: plant': 'animal',
        'It barks. Answer: animal\nI hope that': 'animal',
        'The answer is animal, since it b': 'animal',
        '{"answer": "animal", "reason": "it b': 'animal',
        'So \\boxed{flowering} is': 'flowering',
      };
      reads(read, cases, true);
    });

    it('is none where it is only named, or may go on to be another', () => {
      const cases = {
        'It is an animal of': null,
        'The answer is clearly animal': null,
        'Answer: flowering': null,
        'Answer: flowering pl': null,
        'So \\boxed{flowering': null,
        flowering: null,
        'animal or': null,
        'animal, or pl': null,
        'Is the answer animal? Or': null,
      };
      reads(read, cases, true);
      reads(read, { flowering: 'flowering', 'It is an animal of': 'animal' });
      assert.equal(read('Answer: flowering\n', true), 'flowering', 'the line was ended');
    });

    it('is a letter, unless that may be a word', () => {
      const read = optional('a dog', 'a dog house', 'x');
      reads(read, { B: 'B', 'B.': 'B', 'B. a do': 'B', 'Answer: C': 'C', A: 'A' }, true);
      reads(read, { 'The answer is a': null, 'a dog': null, 'It must be x': null }, true);
      reads(read, { 'a dog': 'A', 'It must be x': 'C' });
    });
  });

  describe('whatever the labels', () => {
    const word = fc.stringMatching(/^[a-z]{2,6}$/);
    // Over several lines, a name with a word that is a label by itself may be several answers.
    const isSeveral = (words: string[], given: string[][]) =>
      words.length > 1 && words.some((one) => given.some((other) => other.join() === one));
    const names = fc
      .uniqueArray(fc.array(word, { minLength: 1, maxLength: 3 }), {
        minLength: 2,
        maxLength: 8,
        selector: (words) => words.join(''),
      })
      .filter((given) => !given.some((words) => isSeveral(words, given)));
    const cased = (words: string[]) => words.map((one) => one[0]!.toUpperCase() + one.slice(1));
    const spellings = [
      (words: string[]) => words.join(' '),
      (words: string[]) => words.join('_'),
      (words: string[]) => words.join('-'),
      (words: string[]) => cased(words).join(''),
      (words: string[]) => words.join(' \n').toUpperCase(),
    ];
    const spelling = fc.constantFrom(...spellings);

    it('is the label of every spelling', () => {
      fc.assert(
        fc.property(names, spelling, spelling, (given, ofSpec, ofModel) => {
          const labels = given.map(ofSpec);
          const read = labelled(...labels);
          given.forEach((words, index) => {
            assert.equal(read(ofModel(words)), labels[index]);
            assert.equal(read(`Answer: ${ofModel(words)}.`), labels[index]);
          });
        }),
      );
    });

    it('is the longest of those that begin with it', () => {
      fc.assert(
        fc.property(word, word, spelling, spelling, (short, more, ofSpec, ofModel) => {
          const [label, longer] = [ofSpec([short]), ofSpec([short, more])];
          const read = labelled(label, longer);
          assert.equal(read(`Unmistakably: ${ofModel([short, more])}`), longer);
          assert.equal(read(ofModel([short]), true), null, 'it may have been cut off');
        }),
      );
    });

    it('is none in a text without labels', () => {
      const letters = fc.stringMatching(/^[a-m ,.:\n_-]{0,60}$/);
      fc.assert(
        fc.property(letters, fc.boolean(), (text, isCut) => {
          const read = labelled('xyz', 'zy x', 'wv_u');
          assert.equal(read(`${text} answer: ${text}`, isCut), null);
        }),
      );
    });
  });

  it('takes time that grows with the text, whatever stands in it', () => {
    const readers = [labelled('animal', 'not_spam', 'flowering plant'), optional('a b', 'C', 'x')];
    const units = ['answer: ', 'the answer is a or ', 'a ', ' ', '\\boxed{', '```\n', '{'];
    for (const read of readers)
      for (const unit of units) {
        const grown = growth((size) => {
          const text = unit.repeat(size / unit.length);
          for (const isCut of [false, true]) read(text, isCut);
        }, 1200);
        assert.ok(grown < LINEAR, `${JSON.stringify(unit)}: ${grown}`);
      }
  });

  it('takes no longer with long options, once they are known', () => {
    const readers = new Map<number, Read>();
    const grown = growth((size) => {
      if (!readers.has(size)) readers.set(size, optional('some long words '.repeat(size), 'x'));
      for (let time = 0; time < 100; time++)
        assert.equal(readers.get(size)!('It must be the x, of course.'), 'B');
    }, 100);
    assert.ok(grown < 4, `${grown} times as long with options sixteen times as long`);
  });

  it('takes no longer with thousands of labels than with a few', () => {
    const readers = new Map<number, Read>();
    const grown = growth((size) => {
      const labels = Array.from({ length: size }, (_, index) => `label number ${index}`);
      if (!readers.has(size)) readers.set(size, labelled(...labels));
      const read = readers.get(size)!;
      for (let time = 0; time < 200; time++) {
        assert.equal(read('It is label_number_7.'), 'label number 7');
        assert.equal(read('It is label number x, is it', true), null);
      }
    }, 1250);
    assert.ok(grown < 4, `${grown} times as long with sixteen times as many`);
  });
});
