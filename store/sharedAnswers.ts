import type { Transport } from '../core/usage.ts';
import { schemaOf, types } from './arrow.ts';
import type { Database } from './database.ts';
import { Log } from './log.ts';

/** What a model has answered to a request about an example. */
export interface SharedAnswer {
  exampleId: string;
  /** Of the request, of everything in it. */
  request: string;
  /** The samples as the endpoint gave them, as JSON. */
  samples: string;
  /** Where the answers to it are stored that were paid for: no other request has the same. */
  place: string;
  /** How it was sent then. */
  transport: Transport;
}

/** The answers that the runs of one scope take over from each other, one a request. */
export class SharedAnswers {
  readonly #log: Log<SharedAnswer>;

  constructor(database: Database) {
    this.#log = new Log<SharedAnswer>(database, {
      name: 'answers',
      schema: schemaOf({
        exampleId: types.string,
        request: types.string,
        samples: types.string,
        place: types.string,
        transport: types.string,
      }),
      key: ({ request }) => request,
    });
  }

  add(answers: readonly SharedAnswer[]): Promise<void> {
    return this.#log.append(answers);
  }

  /** What was answered to requests about these examples, by request. */
  async about(exampleIds: readonly string[]): Promise<Map<string, SharedAnswer>> {
    const rows = await this.#log.readAmong('exampleId', exampleIds);
    return new Map(rows.map((row) => [row.request, row]));
  }

  /** Compacts them. For one caller at a time. */
  optimize(): Promise<void> {
    return this.#log.optimize();
  }
}
