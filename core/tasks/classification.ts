import type { TaskSpec } from '../spec.ts';
import { fold, quoted } from '../text.ts';
import { letterOf, outside, position, sameWord } from './answers.ts';
import { conversation, passageAndQuestion } from './conversation.ts';

import { nameFinder, readAnswer } from './reading.ts';
import type { Task } from './task.ts';

/** Answers are the label words, as the spec writes them. */
export function classification(spec: Extract<TaskSpec, { type: 'classification' }>): Task {
  const { instruction, labels } = spec;
  const labelOf = new Map(labels.map((label) => [fold(label), label]));
  const labelList = labels.join(', ');
  const finder = nameFinder(labels);
  const choices = {
    opening(text: string) {
      const found = finder.opening(text);
      return found && { answer: labels[found.index]!, end: found.end };
    },
    named: (text: string) => finder.named(text).map((index) => labels[index]!),
  };

  return {
    ...sameWord,
    ...conversation({
      system: `${instruction}\nLabels: ${labelList}\nAnswer with one of the labels only.`,
      justifySystem: `${instruction}\nLabels: ${labelList}\nSeveral answers were proposed: weigh them and choose one.`,
      question: passageAndQuestion,
      candidate: (_, answer) => answer,
      target: (answer) => answer,
    }),
    parse: (text) => labelOf.get(fold(text)) ?? readAnswer(text, choices),

    canonical(raw, options) {
      const label = labelOf.get(fold(raw));
      if (label !== undefined) return { answer: label };
      const unknown = (text: string) => `${quoted(text)} is not one of the labels: ${labelList}`;
      const index = position(raw);
      if (index === null || !options?.length) return { problem: `answer ${unknown(raw)}` };
      const option = options[index];
      if (option === undefined) return { problem: outside(raw, options) };
      const meant = labelOf.get(fold(option));
      return meant === undefined
        ? { problem: `option ${letterOf(index)}, ${unknown(option)}` }
        : { answer: meant };
    },

    checkOptions: () => null,
  };
}
