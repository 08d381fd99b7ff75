import assert from 'node:assert/strict';
import { readdir } from 'node:fs/promises';
import { setImmediate } from 'node:timers/promises';
import { Session } from '@lancedb/lancedb';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { schemaOf, toArrow, types } from '../../store/arrow.ts';
import { Database } from '../../store/database.ts';
import { useFolder } from '../support/suite.ts';
import { assertMadeOnce } from './race.ts';

const schema = schemaOf({ number: types.int });

describe('A table', () => {
  const folder = useFolder('test');
  let database: Database;

  beforeEach(async () => {
    database = new Database({ uri: folder.path, session: new Session() });
  });

  afterEach(() => database.close());

  it('is made once, whoever is the first, and loses nothing that was written to it', () =>
    assertMadeOnce({ uri: folder.path }, 20));

  it('can be looked for by some while others make it', async () => {
    const add = async (number: number) => {
      await (await database.table('table', schema)).add(toArrow(schema, [{ number }]));
    };
    const looking = database.existing('table');
    await setImmediate(); // the search is under way, and has found nothing yet
    await Promise.all([looking, add(0), database.existing('table'), add(1)]);
    assert.equal(await (await database.existing('table'))!.countRows(), 2);
  });

  it('has its first data only, and leaves no other behind', async () => {
    const other = new Database({ uri: folder.path, session: new Session() });
    const made = await Promise.all(
      [database, other, other].map((maker, number) =>
        maker.tableOf('table', async () => toArrow(schema, [{ number }])),
      ),
    );
    const rows = await Promise.all(made.map((table) => table.query().toArray()));
    assert.deepEqual(rows[0], rows[1]);
    assert.deepEqual(rows[0], rows[2]);
    assert.equal(rows[0]!.length, 1);
    assert.deepEqual(await database.names(), ['table']);
    assert.equal((await readdir(folder.path)).length, 2, 'its rows and its name');
    other.close();
  });

  it('is gone when dropped, for others too, and may be made again', async () => {
    const other = new Database({ uri: folder.path, session: new Session() });
    await (await database.table('table', schema)).add(toArrow(schema, [{ number: 1 }]));
    await Promise.all([database.drop('table'), other.drop('table')]);
    assert.deepEqual(await readdir(folder.path), []);
    assert.equal(await other.existing('table'), undefined);
    assert.equal(await (await database.table('table', schema)).countRows(), 0);
    other.close();
  });
});
