import { z } from 'zod';
import { quoted } from '../text.ts';
import { letterOf, outside, position, sameWord } from './answers.ts';
import { conversation, passageAndQuestion } from './conversation.ts';
import { defineTaskKind } from './kind.ts';
import { labelWords, someOf } from './labels.ts';
import { isDenied, NameFinder } from './names.ts';
import { type Choices, readAnswer } from './reading.ts';
import type { Task } from './task.ts';

const spec = z.strictObject({
  type: z.literal('classification').describe('The answer is one of a fixed set of label words.'),
  instruction: z
    .string()
    .min(1)
    .default('Classify the text.')
    .describe('What to do, in a sentence; the labels are listed after it.'),
  labels: labelWords.describe(
    'The label words. Answers in the data may be these words, or letters or digits of `options`.',
  ),
});

/** Answers are the label words, as the spec writes them. */
export const classification = defineTaskKind({ spec, create });

function create({ instruction, labels }: z.output<typeof spec>): Task {
  const labelList = labels.join(', ');
  const choices = labelChoices(labels);
  const labelOf = (text: string) => choices.whole(text, false);

  return {
    ...sameWord,
    ...conversation({
      system: `${instruction}\nLabels: ${labelList}`,
      answer: 'one of the labels',
      justifySystem: `${instruction}\nLabels: ${labelList}\nSeveral answers were proposed: weigh them and choose one.`,
      question: passageAndQuestion,
      candidate: (_, answer) => answer,
      target: (answer) => answer,
    }),
    classes: labels,
    parse: (text, _, isCut = false) => readAnswer(text, choices, isCut),

    canonical(raw, options) {
      const label = labelOf(raw);
      if (label !== null) return { answer: label };
      const unknown = (text: string) =>
        `${quoted(text)} is not one of the labels: ${someOf(labels)}`;
      const index = position(raw);
      if (index === null || !options?.length) return { problem: `answer ${unknown(raw)}` };
      const option = options[index];
      if (option === undefined) return { problem: outside(raw, options) };
      const meant = labelOf(option);
      return meant === null
        ? { problem: `option ${letterOf(index)}, ${unknown(option)}` }
        : { answer: meant };
    },

    checkOptions: () => null,
  };
}

/** Labels are named in any spelling. */
export function labelChoices(labels: readonly string[]): Choices {
  const finder = new NameFinder(labels);
  const labelOf = (names: number[]) => (names.length === 1 ? labels[names[0]!]! : null);
  const isWhole = (text: string, isCut: boolean) => !(isCut && finder.isBeginning(text));
  return {
    whole: (text, isCut) => (isWhole(text, isCut) ? labelOf(finder.whole(text)) : null),
    opening(text, isCut) {
      const found = finder.opening(text);
      const answer = found && labelOf(found.names);
      if (!answer || !isWhole(text.slice(found.start), isCut)) return null;
      return { answer, end: found.end };
    },
    named(text) {
      const found = [...finder.all(text)].filter(({ start }) => !isDenied(text, start));
      return [...new Set(found.flatMap(({ names }) => names))].map((name) => labels[name]!);
    },
  };
}
