import { createHash } from 'node:crypto';
import type { BadReason } from '../core/ingestReport.ts';
import type { DataSpec } from '../core/spec.ts';
import type { Task } from '../core/tasks/task.ts';
import { normalise } from '../core/text.ts';
import type { Example } from '../core/types.ts';
import { type Counted, readAnswer } from './answers.ts';
import { CHAT_COLUMN, chatOf } from './chat.ts';
import { optionsOf } from './options.ts';
import { cellOf } from './records.ts';
import { textOf } from './text.ts';

/**
 * SHA-256 (hex) of the normalised question, options, context and what was said before: the same
 * text, the same id.
 */
export function exampleId(content: Omit<Example, 'id' | 'answer'>): string {
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
  const isPlain = columns.question !== CHAT_COLUMN && Object.hasOwn(values, columns.question);
  const chat = isPlain ? undefined : chatOf(values);
  const given = chat ? chat.question : cellOf(values, columns.question);
  if (typeof given === 'object' && given !== null)
    return { reason: 'question', problem: `"${columns.question}" is not a text` };
  const question = textOf(given);
  if (question === undefined)
    return {
      reason: 'question',
      problem: chat ? 'no turn of the user holds a text' : `"${columns.question}" is empty`,
    };
  const options = optionsOf(cellOf(values, columns.options));
  if (options === null) {
    const lost = /\bNaN\b/.test(String(cellOf(values, columns.options)));
    const why = lost ? 'it holds NaN for a missing text' : 'write it as ["yes", "no"]';
    return { reason: 'options', problem: `"${columns.options}" is not a JSON list: ${why}` };
  }
  const wrong = task.checkOptions(options?.texts);
  if (wrong !== null) return { reason: 'options', problem: wrong };
  const context = textOf(cellOf(values, columns.context));
  const content = {
    question,
    ...(context !== undefined && { context }),
    ...(options && { options: options.texts }),
  };
  const example: Example = { id: exampleId(content), ...content };

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
