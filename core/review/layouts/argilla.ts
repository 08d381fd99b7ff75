import { z } from 'zod';
import {
  BAD,
  type FileReview,
  fieldsOf,
  itemsOf,
  type Layout,
  LayoutError,
  writtenAnswer,
} from './layout.ts';

const responses = z.array(z.object({ value: z.unknown() })).default([]);
const record = z.object({
  id: z.string(),
  status: z.string().optional(),
  responses: z.object({ answer: responses, bad: responses }).prefault({}),
});

/**
 * Records of Argilla 2, as `dataset.records.to_json` and `from_json` have them. The dataset's settings
 * have to name the questions `answer` and `bad` (docs/review.md has some).
 */
export const argilla: Layout = {
  write: (examples) =>
    JSON.stringify(
      examples.map((one) => {
        const { choices, before, options, labelledAs, ...texts } = fieldsOf(one);
        return {
          id: one.exampleId,
          fields: {
            ...texts,
            ...(before && {
              before: before.map(({ role, content }) => `${role}: ${content}`).join('\n'),
            }),
            ...(options && { options: options.join('\n') }),
            ...(labelledAs !== undefined && { labelledAs }),
          },
          metadata: {},
          suggestions: {},
          responses: {},
          vectors: {},
        };
      }),
      null,
      2,
    ),

  read: (text) => itemsOf(text, 'record', reviewIn),
};

function reviewIn(item: unknown, where: string): FileReview {
  const { data: read } = record.safeParse(item);
  if (!read) throw new LayoutError(`${where} is none of Argilla's with an "id"`);
  // What is not submitted (drafts, what was discarded) stands among the responses, too.
  if (read.status === 'pending') return { where, exampleId: read.id, said: null };
  const { answer, bad } = read.responses;
  const isBad = bad.some(({ value }) => [value].flat().includes(BAD));
  const written = writtenAnswer(answer.at(-1)?.value); // of several the last
  const said = isBad ? 'bad' : written === undefined ? null : { answer: written };
  return { where, exampleId: read.id, said };
}
