import assert from 'node:assert/strict';
import { Session } from '@lancedb/lancedb';
import { schemaOf, toArrow, types } from '../../store/arrow.ts';
import { Database, type Location } from '../../store/database.ts';

const schema = schemaOf({ maker: types.int });
const MAKERS = 8;

/**
 * Lets eight that know nothing of one another make the same tables, each at a moment of its own,
 * and write to them at once.
 */
export async function assertMadeOnce(
  location: Omit<Location, 'session'>,
  tables: number,
): Promise<void> {
  const databases = Array.from({ length: MAKERS }, () => {
    return new Database({ ...location, session: new Session() });
  });
  try {
    for (let name = 0; name < tables; name++) {
      const write = async (database: Database, maker: number) => {
        for (let turns = 0; turns < maker * name; turns++) await nextTurn();
        const table = await database.table(`table-${name}`, schema);
        await table.add(toArrow(schema, [{ maker }]));
      };
      await Promise.all(databases.map(write));
      const table = await databases[0]!.table(`table-${name}`, schema);
      const found = (await table.query().toArray()).map((row) => row.maker as number);
      assert.deepEqual(
        found.sort(),
        databases.map((_, maker) => maker),
      );
    }
    assert.equal((await databases[0]!.names()).length, tables);
  } finally {
    for (const database of databases) database.close();
  }
}

const nextTurn = () => new Promise((resolve) => setImmediate(resolve));
