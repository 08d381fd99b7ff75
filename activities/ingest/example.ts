import { createHash } from 'node:crypto';
import type { DataSpec } from '../../core/spec.ts';
import type { Task } from '../../core/tasks.ts';
import { normalise } from '../../core/text.ts';
import type { Example } from '../../core/types.ts';

/** SHA-256 (hex) of the normalised question, options and context: the same text, the same id. */
export function exampleId({ question, options, context }: Omit<Example, 'id' | 'answer'>): string {
  const identity = [
    normalise(question),
    options?.map(normalise) ?? null,
    context === undefined ? null : normalise(context),
  ];
  return createHash('sha256').update(JSON.stringify(identity)).digest('hex');
}

/**
 * The example that a record holds, or what is wrong with the record. Where no answer is needed, one
 * that cannot be read is left out: it would only have measured.
 */
export function exampleOf(
  values: Record<string, unknown>,
  columns: DataSpec['columns'],
  task: Task,
  needsAnswer: boolean,
): { example: Example } | { problem: string } {
  const question = textOf(values[columns.question]);
  if (question === undefined) return { problem: `"${columns.question}" is empty` };
  const options = optionsOf(values[columns.options]);
  if (options === null) {
    const lost = /\bNaN\b/.test(String(values[columns.options]));
    const why = lost ? 'it holds NaN for a missing text' : 'write it as ["yes", "no"]';
    return { problem: `"${columns.options}" is not a JSON list: ${why}` };
  }
  const wrong = task.checkOptions(options);
  if (wrong !== null) return { problem: wrong };
  const context = textOf(values[columns.context]);
  const content = {
    question,
    ...(context !== undefined && { context }),
    ...(options && { options }),
  };
  const example: Example = { id: exampleId(content), ...content };

  const raw = textOf(values[columns.answer]);
  if (raw === undefined) {
    return needsAnswer ? { problem: `"${columns.answer}" is empty` } : { example };
  }
  const canonical = task.canonical(raw, options);
  if ('answer' in canonical) return { example: { ...example, answer: canonical.answer } };
  return needsAnswer ? canonical : { example };
}

/** A value as text; undefined where there is none. */
function textOf(value: unknown): string | undefined {
  if (value === undefined || value === null) return undefined;
  const text = typeof value === 'object' ? JSON.stringify(value) : String(value);
  return text.trim() === '' ? undefined : text;
}

/** A list or its JSON as texts; undefined where there is none, null where it is something else. */
function optionsOf(value: unknown): string[] | undefined | null {
  let list = value;
  if (typeof value === 'string') {
    if (value.trim() === '') return undefined;
    try {
      list = JSON.parse(value);
    } catch {
      return null;
    }
  }
  if (list === undefined || list === null) return undefined;
  if (!Array.isArray(list)) return null;
  return list.map((option) => textOf(option) ?? '');
}
