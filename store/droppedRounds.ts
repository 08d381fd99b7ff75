import type { ModelUsage } from '../core/usage.ts';
import { schemaOf, types } from './arrow.ts';
import type { Database } from './database.ts';
import { Log } from './log.ts';

interface Row {
  round: number;
  /** As JSON. */
  usage: string;
}

/** The rounds whose answers were dropped, with what these had cost. */
export class DroppedRounds {
  readonly #log: Log<Row>;

  constructor(database: Database) {
    this.#log = new Log<Row>(database, {
      name: 'dropped_rounds',
      schema: schemaOf({ round: types.int, usage: types.string }),
      key: ({ round }) => String(round),
    });
  }

  /** Notes a round, before anything of it is dropped; of a repetition the first stays. */
  add(round: number, usage: readonly ModelUsage[]): Promise<void> {
    return this.#log.append([{ round, usage: JSON.stringify(usage) }]);
  }

  /** What the answers of each have cost, by round. */
  async all(): Promise<Map<number, ModelUsage[]>> {
    const rows = await this.#log.read();
    return new Map(rows.map(({ round, usage }) => [round, JSON.parse(usage)]));
  }
}
