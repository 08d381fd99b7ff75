import { isObject } from '../../json.ts';
import { type FileReview, fieldsOf, type Layout, LayoutError, writtenAnswer } from './layout.ts';

/** A JSON object a line: people fill in `answer`, or set `bad` to true. */
export const jsonLines: Layout = {
  write: (examples) =>
    examples
      .map((one) => ({ id: one.exampleId, ...fieldsOf(one), answer: null, bad: false }))
      .map((row) => `${JSON.stringify(row)}\n`)
      .join(''),

  read: (text) =>
    text.split(/\r\n|\n|\r/).flatMap((line, index) => {
      return line.trim() === '' ? [] : [reviewIn(line, `line ${index + 1}`)];
    }),
};

function reviewIn(line: string, where: string): FileReview {
  const row = objectIn(line);
  if (row === undefined) throw new LayoutError(`${where} is not a JSON object`);
  const { id, answer, bad } = row;
  if (typeof id !== 'string') throw new LayoutError(`${where} has no "id" of an example`);
  const written = writtenAnswer(answer);
  const said = bad === true ? 'bad' : written === undefined ? null : { answer: written };
  return { where, exampleId: id, said };
}

function objectIn(line: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(line);
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}
