import type { IngestReport } from '../core/ingestReport.ts';
import type { Split } from '../core/types.ts';
import { schemaOf, types } from './arrow.ts';
import type { Database } from './database.ts';
import { Log } from './log.ts';
import { equals } from './sql.ts';

/** A number for each split. */
export type PerSplit = Record<Split, number>;

/** What a version of a data set is to those before it. */
export interface Descent {
  /** The version that it adds to; null of a data set as it was begun. */
  parent: string | null;
  /** The version that its chain begins with: itself, where it has no parent. */
  root: string;
  /** How many versions came before it in its chain. */
  segment: number;
  /** The ordinals from which its own examples are counted. */
  offsets: PerSplit;
  /** How many ordinals are struck out. */
  struck: PerSplit;
  /** The version of the chain whose folder lists these; null where there are none. */
  struckIn: string | null;
  /** The version of the chain that was the last to change the labelled examples. */
  labelledBy: string;
  /** The number of the last review that has joined the chain. */
  reviews: number;
}

/** A version of a data set that was ingested to its end. */
export interface DatasetVersion extends Descent {
  id: string;
  /** Name of the table of its own examples. */
  table: string;
  /** Bounds of the ordinals of each split, after cleaning: of the whole chain, struck-out ones too. */
  counts: PerSplit;
  /** ISO 8601. */
  createdAt: string;
}

/** The same with what became of the rows that came with it. */
export interface DatasetInfo extends DatasetVersion {
  report: IngestReport;
}

interface FirstRow {
  id: string;
  table: string;
  counts: string;
  report: string;
  createdAt: string;
}

type LaterRow = FirstRow & {
  parent: string;
  root: string;
  segment: number;
  offsets: string;
  struck: string;
  struckIn: string | null;
  labelledBy: string;
  reviews: number;
};

const FIRST = {
  id: types.string,
  table: types.string,
  counts: types.string,
  report: types.string,
  createdAt: types.string,
};
const LATER = {
  ...FIRST,
  parent: types.string,
  root: types.string,
  segment: types.int,
  offsets: types.string,
  struck: types.string,
  labelledBy: types.string,
  reviews: types.int,
};

/** All columns of a version but its report, which may be long. */
const BRIEF = ([...Object.keys(LATER), 'struckIn'] as (keyof LaterRow)[]).filter(
  (column) => column !== 'report',
);

/**
 * The data sets of a store, and what was added to them: each version names the one that it adds to.
 * The first commit of an id is the version; later ones are ignored.
 */
export class Datasets {
  readonly #firsts: Log<FirstRow>;
  readonly #later: Log<LaterRow>;

  constructor(database: Database) {
    this.#firsts = new Log<FirstRow>(database, {
      name: 'datasets',
      schema: schemaOf(FIRST),
      key: ({ id }) => id,
    });
    this.#later = new Log<LaterRow>(database, {
      name: 'dataset_versions',
      schema: schemaOf({ ...LATER, 'struckIn?': types.string }),
      key: ({ id }) => id,
    });
  }

  async find(id: string): Promise<DatasetInfo | undefined> {
    const [first] = await this.#firsts.read(equals({ id }));
    if (first) return { ...ofFirst(first), report: JSON.parse(first.report) };
    const [later] = await this.#later.read(equals({ id }));
    return later && { ...ofLater(later), report: JSON.parse(later.report) };
  }

  /** The versions from the first of its chain to this one; none where it is not in the store. */
  async chain(id: string): Promise<DatasetVersion[]> {
    const last = await this.find(id);
    if (!last) return [];
    if (last.parent === null) return [last];
    const later = (await this.#laterOf(last, BRIEF)).map(ofLater);
    return [(await this.find(last.root))!, ...later];
  }

  /** The same, with what became of the rows of each. */
  async history(id: string): Promise<DatasetInfo[]> {
    const last = await this.find(id);
    if (!last) return [];
    const later = await this.#laterOf(last);
    return [
      (await this.find(last.root))!,
      ...later.map((row) => ({ ...ofLater(row), report: JSON.parse(row.report) })),
    ];
  }

  /** The version that the chain of this one begins with; of one that is not in the store, itself. */
  async rootOf(id: string): Promise<string> {
    const [row] = await this.#later.read(equals({ id }), ['id', 'root']);
    return row?.root ?? id;
  }

  /** The rows from the second version of the chain on, in order. */
  async #laterOf(
    { id, root }: DatasetVersion,
    columns?: readonly (keyof LaterRow)[],
  ): Promise<LaterRow[]> {
    const rows = await this.#later.read(equals({ root }), columns);
    const versions = new Map(rows.map((row) => [row.id, row]));
    const chain: LaterRow[] = [];
    for (let row = versions.get(id); row; row = versions.get(row.parent)) chain.unshift(row);
    return chain;
  }

  async record({ report, ...version }: DatasetInfo): Promise<void> {
    const { id, table, createdAt, parent, root, segment } = version;
    const counts = JSON.stringify(version.counts);
    const first = { id, table, counts, report: JSON.stringify(report), createdAt };
    if (parent === null) return this.#firsts.append([first]);
    const [offsets, struck] = [JSON.stringify(version.offsets), JSON.stringify(version.struck)];
    const { struckIn, labelledBy, reviews } = version;
    const later = { parent, root, segment, offsets, struck, struckIn, labelledBy, reviews };
    await this.#later.append([{ ...first, ...later }]);
    await this.#later.optimize();
  }
}

/** No example of any split. */
export const NONE: PerSplit = { labelled: 0, unlabelled: 0, test: 0 };

/** What a data set is to its chain that begins it. */
export const descentOfFirst = (id: string): Descent => ({
  parent: null,
  root: id,
  segment: 0,
  offsets: NONE,
  struck: NONE,
  struckIn: null,
  labelledBy: id,
  reviews: 0,
});

const ofFirst = ({ id, table, counts, createdAt }: FirstRow): DatasetVersion => ({
  ...descentOfFirst(id),
  ...{ id, table, createdAt },
  counts: JSON.parse(counts),
});

const ofLater = ({ report: _, ...row }: LaterRow): DatasetVersion => ({
  ...row,
  counts: JSON.parse(row.counts),
  offsets: JSON.parse(row.offsets),
  struck: JSON.parse(row.struck),
});
