import type { ChatMessage, Example, Shot } from '../types.ts';
import type { Task } from './task.ts';

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
  const turns = (x: Example, answer: string): ChatMessage[] => [
    { role: 'user', content: question(x) },
    { role: 'assistant', content: target(answer) },
  ];
  return {
    target,
    prompt: (x, shots) => [
      { role: 'system', content: system },
      ...shots.flatMap((shot: Shot) => turns(shot, shot.answer)),
      { role: 'user', content: question(x) },
    ],
    justify(x, candidates) {
      if (candidates.length === 0) throw new RangeError('There is no candidate to choose.');
      const list = candidates.map((answer) => `- ${candidate(x, answer)}`).join('\n');
      const request =
        'Say in a sentence which candidate is right and why. End with the line:\nAnswer: <answer>';
      const content = `${question(x)}\n\nCandidate answers:\n${list}\n\n${request}`;
      return [
        { role: 'system', content: justifySystem },
        { role: 'user', content },
      ];
    },
    trainingRow: (x, answer) => ({
      messages: [{ role: 'system', content: system }, ...turns(x, answer)],
    }),
  };
}

/** The passage, where there is one, and the question. */
export function passageAndQuestion({ context, question }: Example): string {
  return context ? `${context}\n\n${question}` : question;
}
