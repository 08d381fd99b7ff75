import { isObject } from './jsonl.ts';
import { cellOf } from './records.ts';

/** The column of a row in chat format. */
export const CHAT_COLUMN = 'messages';

/**
 * What a row in chat format holds: the user's turns as the question, and the last turn of the
 * assistant as the answer. The system's turns are left out, since the task has its own instruction.
 * Undefined where the row is in another format.
 */
export function chatOf(
  values: Record<string, unknown>,
): { question: string; answer: string | undefined } | undefined {
  const messages = cellOf(values, CHAT_COLUMN);
  if (!Array.isArray(messages) || !messages.every(isObject)) return undefined;
  const turns = (role: string) =>
    messages.filter((message) => message.role === role).map(({ content }) => textOf(content));
  return { question: turns('user').join('\n\n'), answer: turns('assistant').at(-1) };
}

/** A text, or its parts joined. */
function textOf(content: unknown): string {
  if (typeof content === 'string') return content;
  if (!Array.isArray(content)) return '';
  return content.map((part) => (isObject(part) ? String(part.text ?? '') : String(part))).join('');
}
