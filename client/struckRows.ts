import { type GoneReason, NO_STRUCK_ROWS, type StruckRows } from '../core/lineage/struck.ts';
import { isLearned, type StoredRows } from '../core/trainingRows.ts';
import { taughtIn } from '../data/keptRows.ts';
import type { Dataset } from '../store/dataset.ts';
import type { Store } from '../store/store.ts';
import type { Struck } from '../store/struck.ts';
import { storedRowsOf } from './storedRows.ts';

/**
 * The rows of the training files of models that are struck out by now, and gone for good; of models
 * that have learned from none, nothing.
 * @param dataset as it is now
 */
export async function struckRowsOf(
  store: Store,
  dataset: Dataset,
  models: readonly string[],
): Promise<Map<string, StruckRows>> {
  const found = new Map<string, StruckRows>();
  const gone = (await dataset.allStruck()).filter(({ reason }) => isGone(reason));
  if (gone.length === 0) return found;
  for (const model of models) {
    const rows = await storedRowsOf(store, model);
    if ('lacking' in rows) continue;
    const learned = await learnedOf(store, rows, gone);
    if (learned.length === 0) continue;
    const counts = { ...NO_STRUCK_ROWS };
    for (const { reason } of learned) if (isGone(reason)) counts[reason] += 1;
    found.set(model, counts);
  }
  return found;
}

const isGone = (reason: Struck['reason']): reason is GoneReason =>
  Object.hasOwn(NO_STRUCK_ROWS, reason);

/** Those that stood in a training file, since they were struck out after it was written. */
async function learnedOf(
  store: Store,
  rows: StoredRows,
  gone: readonly Struck[],
): Promise<Struck[]> {
  const { run, round, dataset } = rows.ref;
  const version = (await store.dataset(dataset).versions()).at(-1)!;
  const later = gone.filter(
    ({ split, ordinal, by }) => by > version.segment && ordinal < version.counts[split],
  );
  const labelled = later.filter((row) => row.split === 'labelled' && isLearned(rows, row));
  const unlabelled = new Map(
    later.filter(({ split }) => split === 'unlabelled').map((row) => [row.ordinal, row]),
  );
  if (rows.from === 'labelled' || unlabelled.size === 0) return labelled;
  const sources = { spec: (await store.specs.find(run))!, tables: await store.run(run, dataset) };
  const taught: Struck[] = [];
  for await (const batch of taughtIn(sources, round))
    for (const { ordinal } of batch) {
      const row = unlabelled.get(ordinal);
      if (row) taught.push(row);
    }
  return [...labelled, ...taught];
}
