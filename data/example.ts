import { createHash } from 'node:crypto';
import type { BadReason } from '../core/ingestReport.ts';
import type { DataSpec } from '../core/spec.ts';
import type { Task } from '../core/tasks/task.ts';
import { normalise } from '../core/text.ts';
import type { ChatMessage, Example } from '../core/types.ts';
import { type Counted, readAnswer } from './answers.ts';
import { CHAT_COLUMNS, chatOf } from './chat.ts';
import { contextOf } from './context.ts';
import { optionsOf } from './options.ts';
import { cellOf } from './records.ts';
import { textOf } from './text.ts';
import { turnsOf } from './turns.ts';

/**
 * SHA-256 (hex) of the normalised question, options, context and what was said before: the same
 * text, the same id.
 */
export function exampleId(content: Omit<Example, 'id' | 'answer' | 'category'>): string {
  const { question, options, context, before } = content;
  const identity = [
    normalise(question),
    options?.map(normalise) ?? null,
    context === undefined ? null : normalise(context),
    ...(before ? [before.map(({ role, content }) => [role, normalise(content)])] : []),
  ];
  return createHash('sha256').update(JSON.stringify(identity)).digest('hex');
}

export type ExampleOrProblem = (
  | { example: Example; problem?: undefined }
  | { example?: undefined; reason: BadReason; problem: string }
) & { counted?: Counted | undefined };

/**
 * The example that a record holds, or what is wrong with the record. Where no answer is needed, one
 * that cannot be read is left out: it would only have measured.
 */
export function exampleOf(
  values: Record<string, unknown>,
  { columns, answers }: Pick<DataSpec, 'columns' | 'answers'>,
  task: Task,
  needsAnswer: boolean,
): ExampleOrProblem {
  const isPlain =
    !CHAT_COLUMNS.includes(columns.question) && Object.hasOwn(values, columns.question);
  const chat = isPlain ? undefined : chatOf(values);
  if (chat?.problem !== undefined) return { reason: 'question', problem: chat.problem };
  const given = chat ? chat.question : cellOf(values, columns.question);
  if (typeof given === 'object' && given !== null)
    return { reason: 'question', problem: `"${columns.question}" is not a text` };
  const question = textOf(given);
  if (question === undefined)
    return {
      reason: 'question',
      problem: chat ? 'no turn of the user holds a text' : `"${columns.question}" is empty`,
    };
  const earlier = turnsOf(cellOf(values, columns.before));
  if (earlier.problem !== undefined)
    return { reason: 'question', problem: `"${columns.before}" ${earlier.problem}` };
  const options = optionsOf(cellOf(values, columns.options));
  if (options === null) {
    const lost = /\bNaN\b/.test(String(cellOf(values, columns.options)));
    const why = lost ? 'it holds NaN for a missing text' : 'write it as ["yes", "no"]';
    return { reason: 'options', problem: `"${columns.options}" is not a JSON list: ${why}` };
  }
  const wrong = task.checkOptions(options?.texts);
  if (wrong !== null) return { reason: 'options', problem: wrong };
  const context = contextIn(values, columns);
  const before = [...systemIn(values, columns), ...earlier.turns, ...(chat?.before ?? [])];
  const content = {
    question,
    ...(before.length > 0 && { before }),
    ...(context !== undefined && { context }),
    ...(options && { options: options.texts }),
  };
  const category = categoryIn(values, columns);
  const example: Example = {
    ...{ id: exampleId(content), ...content },
    ...(category !== undefined && { category }),
  };

  const raw = textOf(cellOf(values, columns.answer) ?? chat?.answer);
  if (raw === undefined) {
    const problem = chat
      ? 'no turn of the assistant holds an answer'
      : `"${columns.answer}" is empty`;
    return needsAnswer ? { reason: 'answer', problem } : { example };
  }
  const { counted, ...read } = readAnswer(raw, options, answers, task);
  if ('answer' in read) return { example: { ...example, answer: read.answer }, counted };
  return needsAnswer ? { reason: 'answer', problem: read.problem, counted } : { example, counted };
}

type Columns = DataSpec['columns'];

/** The passage, of one column or of several. */
function contextIn(values: Record<string, unknown>, { context }: Columns): string | undefined {
  const parts = [context].flat().map((column) => contextOf(cellOf(values, column)));
  return textOf(parts.filter((part) => part !== undefined).join('\n\n'));
}

function systemIn(values: Record<string, unknown>, { system }: Columns): ChatMessage[] {
  const content = textOf(cellOf(values, system));
  return content === undefined ? [] : [{ role: 'system', content }];
}

const categoryIn = (values: Record<string, unknown>, { category }: Columns): string | undefined =>
  category === undefined ? undefined : textOf(cellOf(values, category))?.trim();
