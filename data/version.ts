import { createHash } from 'node:crypto';
import type { Split } from '../core/types.ts';
import type { DatasetInfo, Descent, PerSplit } from '../store/datasets.ts';
import type { Written } from '../store/examples.ts';
import type { Store } from '../store/store.ts';

/** 16 hex digits of SHA-256 over what a version is made of. */
export const versionId = (...parts: unknown[]): string =>
  createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, 16);

/** What the next version is to its chain, where it changes nothing but what is said besides. */
export const next = ({
  id,
  root,
  segment,
  counts,
  struck,
  struckIn,
  labelledBy,
  reviews,
}: DatasetInfo): Descent & Pick<Written, 'counts'> => ({
  ...{ parent: id, root, segment: segment + 1, offsets: counts },
  ...{ counts, struck, struckIn, labelledBy, reviews },
});

/**
 * The version of this id: the one that is there, or the one that `write` makes, unless it finds nothing
 * to make it of. Of one that fails nothing is left.
 */
export async function versionOf<Made extends Written | undefined>(
  store: Store,
  { id, root }: Pick<DatasetInfo, 'id' | 'root'>,
  write: (version: Version) => Promise<Made>,
): Promise<DatasetInfo | Extract<Made, undefined>> {
  const known = await store.datasets.find(id);
  if (known) return known;
  const dataset = store.dataset(id);
  const writer = dataset.createExamples(root);
  try {
    const written = await write({ id, writer, writeStruck: (rows) => dataset.writeStruck(rows) });
    if (written) {
      const made = await writer.commit(written);
      await store.dataset(id).pack();
      return made;
    }
  } catch (error) {
    await writer.discard();
    throw error;
  }
  await writer.discard();
  return undefined as Extract<Made, undefined>;
}

type Dataset = ReturnType<Store['dataset']>;

/** A version while it is made. */
export interface Version {
  id: string;
  writer: ReturnType<Dataset['createExamples']>;
  writeStruck: Dataset['writeStruck'];
}

export const perSplit = (of: (split: Split) => number): PerSplit => ({
  labelled: of('labelled'),
  unlabelled: of('unlabelled'),
  test: of('test'),
});

/** How many there are of each split. */
export const countBySplit = (rows: readonly { split: Split }[]): PerSplit =>
  perSplit((split) => rows.filter((row) => row.split === split).length);
