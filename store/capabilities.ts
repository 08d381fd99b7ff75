import type {
  AskedWay,
  CapabilityBook,
  Capabilities as Found,
  KnownCapabilities,
} from '../core/capabilities.ts';
import { schemaOf, types } from './arrow.ts';
import type { Database } from './database.ts';
import { Log } from './log.ts';
import { equals } from './sql.ts';

interface Row {
  baseURL: string;
  model: string;
  /** As JSON. */
  way: string;
  probedAt: string;
  isWhole: boolean;
  /** As JSON. */
  found: string;
}

/** What was found out of models at endpoints, each time anew; the latest counts. */
export class Capabilities implements CapabilityBook {
  readonly #log: Log<Row>;

  constructor(database: Database) {
    this.#log = new Log<Row>(database, {
      name: 'capabilities',
      schema: schemaOf({
        baseURL: types.string,
        model: types.string,
        way: types.string,
        probedAt: types.string,
        isWhole: types.boolean,
        found: types.string,
      }),
      key: ({ baseURL, model, way, probedAt }) => JSON.stringify([baseURL, model, way, probedAt]),
    });
  }

  async add({ baseURL, model, way, probedAt, isWhole, ...rest }: KnownCapabilities): Promise<void> {
    const { findings, thoughts, contextLength, shutdown } = rest;
    const found = JSON.stringify({ findings, thoughts, contextLength, shutdown });
    await this.#log.append([
      { baseURL, model, way: JSON.stringify(way), probedAt, isWhole, found },
    ]);
  }

  async latest({ baseURL, model, way }: AskedWay): Promise<KnownCapabilities | undefined> {
    const rows = await this.#log.read(equals({ baseURL, model, way: JSON.stringify(way) }));
    return latestFirst(rows).map(known)[0];
  }

  /** What was found out last of each model in each way, the latest first. */
  async list(): Promise<KnownCapabilities[]> {
    const byWay = Map.groupBy(latestFirst(await this.#log.read()), ({ baseURL, model, way }) =>
      JSON.stringify([baseURL, model, way]),
    );
    return [...byWay.values()].map(([latest]) => known(latest!));
  }
}

const latestFirst = (rows: readonly Row[]): Row[] =>
  rows.toSorted((a, b) => b.probedAt.localeCompare(a.probedAt));

function known({ way, found, ...row }: Row): KnownCapabilities {
  return { ...row, way: JSON.parse(way), ...(JSON.parse(found) as Found) };
}
