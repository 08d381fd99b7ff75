import { type RunState, stateNumber } from '../core/living/runState.ts';
import { schemaOf, types } from './arrow.ts';
import type { Database } from './database.ts';
import { Log } from './log.ts';

interface Row {
  number: number;
  /** As JSON. */
  state: string;
}

/** What a run has come to, each time it has changed: from the last it goes on when it is started again. */
export class RunStates {
  readonly #log: Log<Row>;

  constructor(database: Database) {
    this.#log = new Log<Row>(database, {
      name: 'states',
      schema: schemaOf({ number: types.int, state: types.string }),
      key: ({ number }) => `${number}`,
    });
  }

  async add(state: RunState): Promise<void> {
    await this.#log.append([{ number: stateNumber(state), state: JSON.stringify(state) }]);
    await this.#log.optimize();
  }

  /** The last; undefined where there is none. */
  async last(): Promise<RunState | undefined> {
    const rows = await this.#log.read();
    const last = rows.reduce<Row | undefined>(
      (best, row) => (best && best.number > row.number ? best : row),
      undefined,
    );
    return last && (JSON.parse(last.state) as RunState);
  }
}
