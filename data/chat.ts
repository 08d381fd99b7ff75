import type { ChatMessage } from '../core/types.ts';
import { cellOf } from './records.ts';
import { turnsOf } from './turns.ts';

/** Columns of rows in chat format: OpenAI's, and ShareGPT's. */
export const CHAT_COLUMNS = ['messages', 'conversations'];

/** A conversation as an example. */
export interface Chat {
  /** What was said before the question. */
  before: ChatMessage[];
  /** The last turn of the user; there may be none. */
  question: string | undefined;
  /** What the assistant answered to it. */
  answer: string | undefined;
}

/** What a row in chat format holds, or what is wrong with it; undefined where it is in another format. */
export function chatOf(
  values: Record<string, unknown>,
): (Chat & { problem?: undefined }) | { problem: string } | undefined {
  const column = CHAT_COLUMNS.find((name) => Array.isArray(cellOf(values, name)));
  if (column === undefined) return undefined;
  const read = turnsOf(cellOf(values, column));
  if (read.problem !== undefined) return { problem: `"${column}": ${read.problem}` };
  const { turns } = read;
  const asked = turns.findLastIndex(({ role }) => role === 'user');
  const answer = turns.slice(asked + 1).find(({ role }) => role === 'assistant');
  return {
    before: turns.slice(0, Math.max(asked, 0)),
    question: turns[asked]?.content,
    answer: answer?.content,
  };
}
