import type { RunSpec } from '../core/spec.ts';
import { schemaOf, types } from './arrow.ts';
import type { Database } from './database.ts';
import { Log } from './log.ts';
import { equals } from './sql.ts';

interface SpecRow {
  run: string;
  /** As JSON. */
  spec: string;
}

/** The spec of every run. A run keeps the one it was first given. */
export class Specs {
  readonly #log: Log<SpecRow>;
  /** Every activity asks for its run's. */
  readonly #found = new Map<string, RunSpec>();

  constructor(database: Database) {
    this.#log = new Log<SpecRow>(database, {
      name: 'specs',
      schema: schemaOf({ run: types.string, spec: types.string }),
      key: (row) => row.run,
    });
  }

  /** Records a run's spec, unless it has one. @returns the one it has now */
  async add(run: string, spec: RunSpec): Promise<RunSpec> {
    const known = await this.find(run);
    if (known) return known;
    await this.#log.append([{ run, spec: JSON.stringify(spec) }]);
    return (await this.find(run))!;
  }

  async find(run: string): Promise<RunSpec | undefined> {
    const found = this.#found.get(run);
    if (found) return found;
    const [row] = await this.#log.read(equals({ run }));
    if (!row) return undefined;
    const spec = JSON.parse(row.spec) as RunSpec;
    this.#found.set(run, spec);
    return spec;
  }
}
