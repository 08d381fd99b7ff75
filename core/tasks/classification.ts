import type { TaskSpec } from '../spec.ts';
import { quoted } from '../text.ts';
import { letterOf, outside, position, sameWord } from './answers.ts';
import { conversation, passageAndQuestion } from './conversation.ts';
import { isDenied, NameFinder } from './names.ts';
import { type Choices, readAnswer } from './reading.ts';
import type { Task } from './task.ts';

/** Answers are the label words, as the spec writes them. */
export function classification(spec: Extract<TaskSpec, { type: 'classification' }>): Task {
  const { instruction, labels } = spec;
  const labelList = labels.join(', ');
  const some = labels.slice(0, 20);
  const someLabels = [...some, ...(labels.length > some.length ? ['…'] : [])].join(', ');
  const choices = labelChoices(labels);
  const labelOf = (text: string) => choices.whole(text, false);

  return {
    ...sameWord,
    ...conversation({
      system: `${instruction}\nLabels: ${labelList}\nAnswer with one of the labels only.`,
      justifySystem: `${instruction}\nLabels: ${labelList}\nSeveral answers were proposed: weigh them and choose one.`,
      question: passageAndQuestion,
      candidate: (_, answer) => answer,
      target: (answer) => answer,
    }),
    parse: (text, _, isCut = false) => readAnswer(text, choices, isCut),

    canonical(raw, options) {
      const label = labelOf(raw);
      if (label !== null) return { answer: label };
      const unknown = (text: string) => `${quoted(text)} is not one of the labels: ${someLabels}`;
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

function labelChoices(labels: readonly string[]): Choices {
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
