import { isObject } from '../core/json.ts';
import type { ChatMessage } from '../core/types.ts';
import { textOf } from './text.ts';

/** The turns of a conversation, or what is wrong with it. */
export type Turns = { turns: ChatMessage[]; problem?: undefined } | { problem: string };

/** What chat formats call those who speak. */
const ROLES: Record<string, ChatMessage['role']> = {
  system: 'system',
  developer: 'system',
  user: 'user',
  human: 'user',
  assistant: 'assistant',
  gpt: 'assistant',
  model: 'assistant',
  bot: 'assistant',
};

/**
 * The turns of a list of messages (`{role, content}` or `{from, value}`), of pairs of a question and
 * its answer, or of JSON of these. What one speaker says in several turns in a row is one turn, since
 * many models take no other; turns without a text are left out.
 */
export function turnsOf(value: unknown): Turns {
  const list = fromJson(value);
  if (list === undefined || list === null || list === '') return { turns: [] };
  if (!Array.isArray(list)) return { problem: NO_LIST };
  const turns: ChatMessage[] = [];
  for (const [index, one] of list.entries()) {
    const said = pairOf(one) ?? [messageOf(one)];
    for (const turn of said) {
      if (turn.problem !== undefined) return { problem: `turn ${index + 1} ${turn.problem}` };
      if (turn.content.trim() === '') continue;
      const last = turns.at(-1);
      if (last?.role === turn.role) last.content = `${last.content}\n\n${turn.content}`;
      else turns.push(turn);
    }
  }
  return { turns };
}

const NO_LIST = 'is no list of turns: write it as [{"role": "user", "content": "…"}]';

type Turn = (ChatMessage & { problem?: undefined }) | { problem: string };

function messageOf(message: unknown): Turn {
  if (!isObject(message)) return { problem: 'is no message with "role" and "content"' };
  const name = String(message.role ?? message.from ?? '');
  const role = Object.hasOwn(ROLES, name) ? ROLES[name]! : undefined;
  if (role === undefined)
    return { problem: `is of "${name}": only those of system, user and assistant can be learned` };
  if (isCalling(message)) return { problem: 'calls a tool, which cannot be learned' };
  const content = contentOf(message.content ?? message.value);
  return content === null ? { problem: 'holds more than text' } : { role, content };
}

const isCalling = ({ tool_calls, function_call }: Record<string, unknown>) =>
  (Array.isArray(tool_calls) && tool_calls.length > 0) || isObject(function_call);

/** A text, or its parts joined; null where a part is something else, such as an image. */
function contentOf(content: unknown): string | null {
  if (!Array.isArray(content)) return isObject(content) ? null : (textOf(content) ?? '');
  const parts = content.map((part) => (isObject(part) ? part.text : part));
  return parts.every((part) => typeof part === 'string') ? parts.join('') : null;
}

/** `[question, answer]` or `{question, answer}`. */
function pairOf(value: unknown): Turn[] | undefined {
  const isNamed = isObject(value) && 'question' in value && 'answer' in value;
  const pair = isNamed ? [value.question, value.answer] : value;
  if (!Array.isArray(pair) || pair.length !== 2) return undefined;
  const [question, answer] = pair.map((one) => textOf(one) ?? '');
  return [
    { role: 'user', content: question! },
    { role: 'assistant', content: answer! },
  ];
}

function fromJson(value: unknown): unknown {
  if (typeof value !== 'string') return value;
  try {
    return value.trim() === '' ? undefined : JSON.parse(value);
  } catch {
    return {};
  }
}
