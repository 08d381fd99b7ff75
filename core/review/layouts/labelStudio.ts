import { z } from 'zod';
import { BAD, type FileReview, fieldsOf, itemsOf, type Layout, LayoutError } from './layout.ts';

const result = z.object({
  from_name: z.string(),
  value: z.object({
    choices: z.array(z.string()).optional(),
    text: z.union([z.string(), z.array(z.string())]).optional(),
  }),
});
const task = z.object({
  data: z.object({ id: z.string() }),
  annotations: z
    .array(
      z.object({
        was_cancelled: z.boolean().optional(),
        updated_at: z.string().default(''),
        completed_by: z.union([z.number(), z.object({ email: z.string().optional() })]).optional(),
        result: z.array(result),
      }),
    )
    .default([]),
});

/**
 * Tasks of Label Studio, and its JSON export. Its labelling interface has to name what is answered
 * `answer` (Choices, or a TextArea), and what marks a bad example `bad` (docs/review.md has one).
 */
export const labelStudio: Layout = {
  write: (examples) =>
    JSON.stringify(
      examples.map((one) => {
        const { choices: _, before, options: __, ...fields } = fieldsOf(one);
        const turns = before?.map(({ role, content }) => `${role}: ${content}`).join('\n');
        return {
          data: {
            id: one.exampleId,
            ...fields,
            // Its tags show texts: what an example lacks is empty.
            before: turns ?? '',
            context: fields.context ?? '',
            labelledAs: fields.labelledAs ?? '',
            // What is shown is the value; what is exported, the alias.
            choices: one.choices.map(({ answer, text }) => ({ value: text, alias: answer })),
          },
        };
      }),
      null,
      2,
    ),

  read: (text) => itemsOf(text, 'task', reviewIn),
};

function reviewIn(item: unknown, where: string): FileReview {
  const { data: read } = task.safeParse(item);
  if (!read)
    throw new LayoutError(`${where} is none of Label Studio's JSON export with "data.id" in it`);
  const exampleId = read.data.id;
  // Of several that which was changed last; their order says nothing of it.
  const annotation = read.annotations
    .sort((one, other) => one.updated_at.localeCompare(other.updated_at))
    .at(-1);
  if (!annotation) return { where, exampleId, said: null };
  const { completed_by: by } = annotation;
  const reviewer = typeof by === 'object' ? by.email : undefined;
  return { where, exampleId, said: saidIn(annotation), ...(reviewer && { reviewer }) };
}

function saidIn({
  was_cancelled: isSkipped,
  result,
}: z.output<typeof task>['annotations'][0]): FileReview['said'] {
  if (isSkipped) return 'skip';
  const answered = (name: string) => result.find((one) => one.from_name === name)?.value;
  if (answered('bad')?.choices?.includes(BAD)) return 'bad';
  const { choices = [], text } = answered('answer') ?? {};
  const written = [text ?? []].flat().join('\n').trim();
  if (written !== '') return { answer: written };
  if (choices.length === 0) return null;
  return { answer: choices.length === 1 ? choices[0]! : JSON.stringify(choices) };
}
