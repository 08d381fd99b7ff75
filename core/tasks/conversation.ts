import type { ChatMessage, Example, Shot } from '../types.ts';
import type { Manner, Task } from './task.ts';

/** The texts in which tasks differ. */
export interface Wording {
  /** Instruction for answering, without how. */
  system: string;
  /** What an answer is, as it stands in "Answer with … only.", such as "one letter". */
  answer?: string;
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
  const { justifySystem, question, candidate, target } = wording;
  /** What was said to the model before, and the question: a system's own words go to the front. */
  const asked = (x: Example): ChatMessage[] => [
    ...(x.before ?? []).filter(({ role }) => role !== 'system'),
    { role: 'user', content: question(x) },
  ];
  const turns = (x: Example, content: string): ChatMessage[] => [
    ...asked(x),
    { role: 'assistant', content },
  ];
  const systemOf = ({ before = [] }: Example, instruction: string): ChatMessage => {
    const own = before.filter(({ role }) => role === 'system').map(({ content }) => content);
    return { role: 'system', content: [...own, instruction].join('\n\n') };
  };
  return {
    target,
    prompt: (x, shots, manner: Manner = {}) => [
      systemOf(x, instructionOf(wording, manner)),
      ...shots.flatMap((shot: Shot) => {
        const answer = target(shot.answer);
        return turns(shot, manner.isReasoned ? `${MARK}${answer}` : answer);
      }),
      ...asked(x),
    ],
    justify(x, candidates) {
      if (candidates.length === 0) throw new RangeError('There is no candidate to choose.');
      const list = candidates.map((answer) => `- ${candidate(x, answer)}`).join('\n');
      const request = `Say in a sentence which candidate is right and why. ${endingWith('answer')}`;
      const content = `${question(x)}\n\nCandidate answers:\n${list}\n\n${request}`;
      return [systemOf(x, justifySystem), ...asked(x).slice(0, -1), { role: 'user', content }];
    },
    trainingRow: (x, answer, said) => ({
      messages: [
        systemOf(x, instructionOf(wording, said?.manner ?? {})),
        ...turns(x, said?.response ?? target(answer)),
      ],
    }),
  };
}

/** What stands before an answer that is reasoned. */
const MARK = 'Answer: ';

const endingWith = (answer: string) => `End with the line:\n${MARK}<${answer}>`;

/** What to do and how to answer; where answers are reasoned, a system prompt of one's own asks for it, too. */
function instructionOf({ system, answer }: Wording, manner: Manner): string {
  if (manner.isReasoned)
    return `${manner.system ?? system}\nThink step by step. ${endingWith(answer ?? 'answer')}`;
  return manner.system ?? (answer ? `${system}\nAnswer with ${answer} only.` : system);
}

/** The passage, where there is one, and the question. */
export function passageAndQuestion({ context, question }: Example): string {
  return context ? `${context}\n\n${question}` : question;
}
