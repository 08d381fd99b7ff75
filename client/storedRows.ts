import type { StoredRows } from '../core/trainingRows.ts';
import type { Store } from '../store/store.ts';

/** What of the store a model has learned from; or why that cannot be said. */
export async function storedRowsOf(
  { models }: Pick<Store, 'models'>,
  model: string,
): Promise<StoredRows | { lacking: string }> {
  const rows = await models.rowsOf(model);
  if (!rows) return { lacking: 'no run has trained the model' };
  if (rows.from === 'file')
    return { lacking: `the model was trained on a file of your own, ${rows.path}` };
  return rows;
}
