import type { OrdinalRange, Split, StoredExample } from '../core/types.ts';
import { fromArrow, schemaOf, toArrow, types } from './arrow.ts';
import type { Database } from './database.ts';
import { damaged } from './errors.ts';
import { all, equals, oneOf, within } from './sql.ts';

/**
 * Why an example no longer counts: it was withdrawn, and is not to come again; its segment was wrong;
 * a newer gold answer has taken its place; it is labelled now.
 */
export type StruckReason = 'withdrawn' | 'segment' | 'superseded' | 'labelled';

/** An example that is struck out. */
export interface Struck {
  split: Split;
  ordinal: number;
  /** Of the example. */
  id: string;
  reason: StruckReason;
  /** The number of the version that struck it out. */
  by: number;
}

/** Tells an example of a data set from every other. */
export const placeOf = ({ split, ordinal }: Pick<StoredExample, 'split' | 'ordinal'>): string =>
  `${split}/${ordinal}`;

const NAME = 'struck';
const schema = schemaOf({
  split: types.string,
  ordinal: types.int,
  id: types.string,
  reason: types.string,
  by: types.int,
});

/** Lists all that is struck out as of a version, in its folder; of several attempts the first stays. */
export async function writeStruck(database: Database, rows: readonly Struck[]): Promise<void> {
  await database.tableOf(NAME, async () => toArrow(schema, rows));
}

/** What a version's list holds of a range of a split; of all where it is left out. */
export function readStruck(
  database: Database,
  split?: Split,
  range?: OrdinalRange,
): Promise<Struck[]> {
  return read(database, all(equals({ split }), range ? within(range) : ''));
}

/** What a version's list holds of these ids. */
export function readStruckIds(database: Database, ids: readonly string[]): Promise<Struck[]> {
  return read(database, oneOf('id', ids));
}

async function read(database: Database, where: string): Promise<Struck[]> {
  const table = await database.existing(NAME);
  if (!table) throw damaged(`${database.uri}/${NAME}.lance`);
  const query = table.query();
  const rows: Struck[] = [];
  for await (const batch of where ? query.where(where) : query)
    rows.push(...fromArrow<Struck>(batch));
  return rows;
}
