import { SemiEvolError } from '../../errors.ts';
import type { ToReview } from '../shown.ts';

/** What a file says of an example. */
export interface FileReview {
  /** Where it stands: "line 3", "task 2". */
  where: string;
  exampleId: string;
  /** As it was written; null where the example is still open. */
  said: { answer: string } | 'bad' | 'skip' | null;
  /** Who says so, where the file tells. */
  reviewer?: string;
}

/** How examples to review stand in a file, and what people say of them. */
export interface Layout {
  /** The file of examples that are to be reviewed. */
  write(examples: readonly ToReview[]): string;
  /**
   * What a file says that was written by `write`, or that the tool made of it.
   * @throws LayoutError where it is none
   */
  read(text: string): FileReview[];
}

/** A file that is not of its layout; the message names the place, and what is expected there. */
export class LayoutError extends SemiEvolError {
  override readonly name = 'LayoutError';
  override readonly isOfInput = true;
}

/** What `bad` examples are called in files. */
export const BAD = 'bad example';

/** A JSON list, of which each item is read. @param what an item is called */
export function itemsOf<Item>(
  text: string,
  what: string,
  read: (item: unknown, where: string) => Item,
): Item[] {
  let list: unknown;
  try {
    list = JSON.parse(text);
  } catch {
    throw new LayoutError(`it is not JSON, and the layout is a JSON list of ${what}s`);
  }
  if (!Array.isArray(list)) throw new LayoutError(`it is no JSON list of ${what}s`);
  return list.map((item, index) => read(item, `${what} ${index + 1}`));
}

/** An answer as data files write it: a text, or JSON; undefined where there is none. */
export function writtenAnswer(value: unknown): string | undefined {
  if (value === undefined || value === null) return undefined;
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return text.trim() === '' ? undefined : text;
}

/** What an example is shown with in every layout. */
export const fieldsOf = ({ example, choices, suspicion }: ToReview) => ({
  question: example.question,
  ...(example.before && { before: example.before }),
  ...(example.context !== undefined && { context: example.context }),
  ...(example.options && { options: example.options }),
  choices: choices.map(({ answer }) => answer),
  ...(suspicion && { labelledAs: example.answer }),
});
