import { z } from 'zod';
import { quoted } from '../text.ts';
import { conversation, passageAndQuestion } from './conversation.ts';
import { defineTaskKind } from './kind.ts';
import { LabelSets } from './labelSets.ts';
import { labelWords, someOf } from './labels.ts';
import { overlap } from './overlap.ts';
import type { Task } from './task.ts';

/** How the empty answer is said. */
const NONE = 'none';

/** What may stand between labels, where none of them holds it. */
const SEPARATORS = [
  { sign: ',', words: 'commas', between: ', ' },
  { sign: ';', words: 'semicolons', between: '; ' },
  { sign: '|', words: 'bars (|)', between: ' | ' },
];
const separatorFor = (labels: readonly string[]) =>
  SEPARATORS.find(({ sign }) => !labels.some((label) => label.includes(sign)));

const labels = labelWords.superRefine((words, context) => {
  for (const [index, label] of words.entries())
    if (new LabelSets([]).whole(label))
      context.addIssue({
        code: 'custom',
        path: [index],
        message: `"${label}" is what answers say where no label applies: leave it out`,
      });
  if (separatorFor(words) === undefined)
    context.addIssue({
      code: 'custom',
      message:
        'labels hold commas, semicolons and bars: leave one of these to stand between labels',
    });
});

const spec = z.strictObject({
  type: z.literal('multi-label').describe('The answer is any number of a fixed set of labels.'),
  instruction: z
    .string()
    .min(1)
    .default('Say which labels apply to the text.')
    .describe('What to do, in a sentence; the labels are listed after it.'),
  labels: labels.describe(
    'The label words. Answers in the data are lists of them: ["a", "b"], "a; b", "a, b" or "a|b"; [] or "none" where no label applies.',
  ),
  most: z
    .number()
    .int()
    .min(1)
    .optional()
    .describe('An answer of more labels is none; any number when left out.'),
});

/** Answers are JSON lists of labels, as the spec writes them and in its order. */
export const multiLabel = defineTaskKind({ spec, create });

function create({ instruction, labels, most = labels.length }: z.output<typeof spec>): Task {
  const sets = new LabelSets(labels);
  const { between, words } = separatorFor(labels)!;
  const system = `${instruction}\nLabels: ${labels.join(between)}`;
  const some = most < labels.length ? `at most ${most} labels` : 'all labels that apply';
  const answerOf = (set: number[] | null) =>
    set && set.length <= most ? JSON.stringify(set.map((index) => labels[index])) : null;
  const target = (answer: string) => {
    const set = labelsOf(answer);
    return set.length > 0 ? set.join(between) : NONE;
  };

  return {
    ...conversation({
      system,
      answer: `${some}, separated by ${words}, or "${NONE}"`,
      justifySystem: `${system}\nSeveral answers were proposed: weigh them and choose one.`,
      question: passageAndQuestion,
      candidate: (_, answer) => target(answer),
      target,
    }),
    classes: labels,
    classesOf(answer) {
      const set = labelsOf(answer);
      return set.length > 0 ? set : [NONE];
    },
    parse: (text, _, isCut = false) => answerOf(sets.read(text, isCut)),
    equal: (a, b) => a === b,

    metrics: [
      { name: 'subset accuracy', test: 'mcnemar' },
      { name: 'micro F1', test: 'bootstrap' },
    ],
    grade(parsed, { answer: gold }) {
      const given = parsed === null ? [] : labelsOf(parsed);
      const right = gold === undefined ? [] : labelsOf(gold);
      return [{ got: parsed !== null && parsed === gold ? 1 : 0, of: 1 }, overlap(given, right)];
    },

    canonical(raw) {
      const set = sets.whole(raw);
      const answer = answerOf(set);
      if (answer !== null) return { answer };
      const shown = `answer ${quoted(raw)}`;
      return {
        problem: set
          ? `${shown} has ${set.length} labels; task.most is ${most}`
          : `${shown} is no list of the labels: ${someOf(labels)}`,
      };
    },

    checkOptions: () => null,
  };
}

const labelsOf = (answer: string): string[] => JSON.parse(answer);
