import { ranges } from '../core/range.ts';
import type { Joining } from '../core/review/review.ts';
import type { StoredExample } from '../core/types.ts';
import type { Dataset } from '../store/dataset.ts';
import type { Cleaning } from './cleaning.ts';

/** Reviewed examples that are read at once. */
const AT_ONCE = 1_000;

/** What people have answered becomes labelled examples, as the rows of a file do. */
export async function takeReviews(
  answered: readonly Joining[],
  cleaning: Cleaning,
  earlier: Dataset,
): Promise<StoredExample[]> {
  cleaning.open('labelled', 'reviews');
  const taken: StoredExample[] = [];
  for (const { from, to } of ranges(answered.length, AT_ONCE)) {
    const some = answered.slice(from, to);
    const known = await earlier.lookUp(some.map(({ exampleId }) => exampleId));
    for (const [index, { split, ordinal, exampleId, answer }] of some.entries()) {
      const [{ id, question, before, context, options, category }] = (await earlier.at(split, [
        ordinal,
      ])) as [StoredExample];
      if (id !== exampleId)
        throw new RangeError(`Example ${ordinal} of ${split} is not the one that was reviewed`);
      const example = {
        ...{ id, question, answer: answer! },
        ...(before && { before }),
        ...(context !== undefined && { context }),
        ...(options && { options }),
        ...(category !== undefined && { category }),
      };
      const record = { line: from + index + 1, values: {} };
      const one = cleaning.take({ record, found: { example } }, known.get(id));
      if (one) taken.push(one);
    }
  }
  return taken;
}
