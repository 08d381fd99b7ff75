import type { ChatMessage, Example, Shot } from '../types.ts';
import type { Manner, Task } from './task.ts';

/** The texts in which tasks differ. */
export interface Wording {
  /** Instruction for answering. */
  system: string;
  /** Instruction for choosing between candidates. */
  justifySystem: string;
  /** The question as the user's turn says it. */
  question(x: Example): string;
  /** One of the candidates to choose from. */
  candidate(x: Example, answer: string): string;
  /** The answer as the model is to say it. */
  target(answer: string): string;
}

/** The chat messages of a task, made of its wording. */
export function conversation(
  wording: Wording,
): Pick<Task, 'prompt' | 'justify' | 'target' | 'trainingRow'> {
  const { system, justifySystem, question, candidate, target } = wording;
  /** What was said to the model before, and the question: a system's own words go to the front. */
  const asked = (x: Example): ChatMessage[] => [
    ...(x.before ?? []).filter(({ role }) => role !== 'system'),
    { role: 'user', content: question(x) },
  ];
  const turns = (x: Example, answer: string): ChatMessage[] => [
    ...asked(x),
    { role: 'assistant', content: target(answer) },
  ];
  const systemOf = ({ before = [] }: Example, instruction = system): ChatMessage => {
    const own = before.filter(({ role }) => role === 'system').map(({ content }) => content);
    return { role: 'system', content: [...own, instruction].join('\n\n') };
  };
  return {
    target,
    prompt: (x, shots, manner: Manner = {}) => [
      systemOf(x, manner.system),
      ...shots.flatMap((shot: Shot) => turns(shot, shot.answer)),
      ...asked(x),
    ],
    justify(x, candidates) {
      if (candidates.length === 0) throw new RangeError('There is no candidate to choose.');
      const list = candidates.map((answer) => `- ${candidate(x, answer)}`).join('\n');
      const request =
        'Say in a sentence which candidate is right and why. End with the line:\nAnswer: <answer>';
      const content = `${question(x)}\n\nCandidate answers:\n${list}\n\n${request}`;
      return [systemOf(x, justifySystem), ...asked(x).slice(0, -1), { role: 'user', content }];
    },
    trainingRow: (x, answer) => ({
      messages: [systemOf(x), ...turns(x, answer)],
    }),
  };
}

/** The passage, where there is one, and the question. */
export function passageAndQuestion({ context, question }: Example): string {
  return context ? `${context}\n\n${question}` : question;
}
