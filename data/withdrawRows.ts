import type { Withdrawal } from '../core/ingestReport.ts';
import type { Joining } from '../core/review/review.ts';
import type { DatasetInfo } from '../store/datasets.ts';
import type { Store } from '../store/store.ts';
import { placeOf, type Struck } from '../store/struck.ts';
import { SPLIT_ORDER } from './cleanFile.ts';
import { DataError } from './errors.ts';
import { hashesOf, type Reading } from './files.ts';
import type { LocalSource } from './source.ts';
import { countBySplit, next, versionId, versionOf } from './version.ts';
import { Withdrawing } from './withdrawing.ts';

/** What is not wanted any more. */
export interface Unwanted {
  files: LocalSource[];
  segments: number[];
  /** Bad examples, as people say. */
  bad: Joining[];
}

/**
 * Makes the version in which all of it is struck out; the one before where nothing changes.
 * @throws DataError, where nothing would be left among other reasons
 */
export async function withdrawRows(
  store: Store,
  before: DatasetInfo,
  { files, segments, bad }: Unwanted,
  { data, task, identity, signal }: Reading,
): Promise<{ info: DatasetInfo; withdrawals: Withdrawal[] }> {
  if (files.length + segments.length + bad.length === 0) return { info: before, withdrawals: [] };
  const id = versionId(before.id, identity, await hashesOf(files, signal), segments, bad);
  const earlier = store.dataset(before.id);
  const withdrawing = await Withdrawing.from(earlier);
  const info = await versionOf(store, { id, root: before.root }, async ({ writeStruck }) => {
    for (const segment of segments) await withdrawing.segment(segment);
    for (const file of files) await withdrawing.file(file, data, task, signal);
    await withdrawing.reviewed(bad);
    const { struck, withdrawals } = withdrawing;
    const changed = changes(await earlier.allStruck(), struck);
    if (changed.length === 0) return undefined;
    const counts = countBySplit(struck);
    for (const split of SPLIT_ORDER)
      if (counts[split] === before.counts[split] && counts[split] > before.struck[split])
        throw new DataError(
          `No ${split} example would be left. Add others first; nothing is withdrawn`,
        );
    await writeStruck(struck);
    return {
      ...next(before),
      ...{ struck: counts, struckIn: id },
      ...(changed.some(({ split }) => split === 'labelled') && { labelledBy: id }),
      report: { files: [], problems: [], withdrawals },
    };
  });
  return { info: info ?? before, withdrawals: info?.report.withdrawals ?? withdrawing.withdrawals };
}

/** What is struck out in one of two lists only, or for another reason. */
function changes(earlier: readonly Struck[], now: readonly Struck[]): Struck[] {
  const missingIn = (rows: readonly Struck[]) => {
    const reasons = new Map(rows.map((row) => [placeOf(row), row.reason]));
    return (row: Struck) => reasons.get(placeOf(row)) !== row.reason;
  };
  return [...earlier.filter(missingIn(now)), ...now.filter(missingIn(earlier))];
}
