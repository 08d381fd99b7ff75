import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { runSpec } from '../../core/registry.ts';
import type { RunSpec } from '../../core/spec.ts';
import type { Split } from '../../core/types.ts';
import type { ChatQuestion } from '../../testing/answers.ts';
import type { Bench } from './stack.ts';

/** The only model that does not know all rooms. */
export const BASE = 'smollm2-135m-instruct';

/** A small data set of questions about rooms, with its spec. */
export async function writeRooms(
  { folder }: Pick<Bench, 'folder'>,
  name: string,
  sizes: Partial<Record<Split, number>>,
  more: object,
): Promise<RunSpec> {
  const data: Record<string, string> = {};
  let number = 1;
  for (const [split, count] of Object.entries(sizes)) {
    const rows = Array.from({ length: count }, () => {
      const room = number++;
      return JSON.stringify({ question: `Where is guest ${room}?`, answer: `In room ${room}.` });
    });
    data[split] = join(folder, `${name}-${split}.jsonl`);
    await writeFile(data[split], rows.join('\n'));
  }
  const collaborators = [
    { name: 'alone', shots: 0 },
    { name: 'shown' },
    { name: 'base', model: 'base' },
  ];
  const common = { name, data, collaborators, batch: { size: 6 }, resolution: 'vote' };
  return runSpec.parse({ ...common, ...more });
}

const guestIn = (text: string) => Number(/guest (\d+)\?/.exec(text)![1]);
export const numbersIn = (text: string | undefined) => text?.match(/\d+/g)?.map(Number) ?? [];
const tagged = (text: string, tag: string) =>
  [...text.matchAll(new RegExp(`<(${tag})>\\n([^<]*)\\n</\\1>`, 'g'))].map((match) => match[2]!);

/** Tuned models know each room, in words of their own; the base knows that of every other guest. */
export function guess({ text, model, body }: ChatQuestion): string {
  const guest = guestIn(text);
  if (model === BASE) return `Room ${guest % 2 === 0 ? guest : guest + 100}, I think.`;
  return body.messages.length > 2 ? `It is room ${guest}` : `You find them in room ${guest}`;
}

/** A judge that goes by the numbers of rooms alone. */
export function judge({ text }: ChatQuestion): string {
  const answers = tagged(text, 'answer-\\d+').map((answer) => numbersIn(answer)[0]!);
  if (answers.length > 0) {
    const alike = Map.groupBy(answers.keys(), (index) => answers[index]);
    return `Groups: ${[...alike.values()].map((group) => group.map((index) => index + 1).join(', ')).join(' | ')}`;
  }
  const [[wanted], [given]] = [tagged(text, 'reference'), tagged(text, 'answer')];
  const isRight = numbersIn(wanted)[0] === numbersIn(given)[0];
  return `It names ${isRight ? 'that' : 'another'} room.\nVerdict: ${isRight ? 'right' : 'wrong'}`;
}
