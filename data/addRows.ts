import type { IngestReport } from '../core/ingestReport.ts';
import type { Joining } from '../core/review/review.ts';
import type { DatasetInfo } from '../store/datasets.ts';
import type { Store } from '../store/store.ts';
import { Cleaning } from './cleaning.ts';
import { hashesOfSplits, type Reading, type SplitSources, storeFiles } from './files.ts';
import { takeReviews } from './reviews.ts';
import { countBySplit, next, perSplit, versionId, versionOf } from './version.ts';

/** What is to be added. */
export interface NewRows {
  sources: SplitSources;
  /** What people have answered. */
  answered: Joining[];
  /** The number of the last review that has joined then. */
  reviews: number;
}

/** Makes the version that has the new rows, too; the one before where there are none. Throws DataError. */
export async function addRows(
  store: Store,
  before: DatasetInfo,
  { sources, answered, reviews }: NewRows,
  { data, task, identity, onProgress, signal }: Reading,
): Promise<{ info: DatasetInfo; report: IngestReport }> {
  const hashes = await hashesOfSplits(sources, signal);
  const id = versionId(before.id, identity, hashes, answered, reviews);
  const earlier = store.dataset(before.id);
  const cleaning = new Cleaning(data, task, data.growTest);
  const info = await versionOf(
    store,
    { id, root: before.root },
    async ({ writer, writeStruck }) => {
      const storing = { data, task, cleaning, earlier, onProgress, signal };
      await storeFiles(writer, sources, storing);
      if (answered.length > 0) await writer.append(await takeReviews(answered, cleaning, earlier));
      const { counts, strikes, report } = cleaning;
      const added = counts.labelled + counts.unlabelled + counts.test;
      if (added + strikes.length === 0 && reviews === before.reviews) return undefined;
      const by = before.segment + 1;
      const struck = strikes.map((strike) => ({ ...strike, by }));
      if (struck.length > 0) await writeStruck([...(await earlier.allStruck()), ...struck]);
      const removed = countBySplit(struck);
      return {
        ...next(before),
        counts: perSplit((split) => before.counts[split] + counts[split]),
        struck: perSplit((split) => before.struck[split] + removed[split]),
        ...(struck.length > 0 && { struckIn: id }),
        ...(counts.labelled + removed.labelled > 0 && { labelledBy: id }),
        ...{ reviews, report },
      };
    },
  );
  return { info: info ?? before, report: info?.report ?? cleaning.report };
}
