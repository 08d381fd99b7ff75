import assert from 'node:assert/strict';
import { appendFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it } from 'mocha';
import { Shelf } from '../../testing/shelf.ts';
import { useFolder } from '../support/suite.ts';

describe('a shelf', () => {
  const folder = useFolder('test');

  it('holds after it was opened again what it held before', () => {
    const shelf = new Shelf<{ at: number }>(folder.path, 'things');
    const changed = { at: 1 };
    shelf.set('a', changed);
    shelf.set('b', { at: 2 });
    shelf.set('c', { at: 3 });
    changed.at = 4;
    shelf.set('a', changed);
    shelf.delete('b');
    for (const one of [shelf, new Shelf<{ at: number }>(folder.path, 'things')])
      assert.deepEqual(one.values(), [{ at: 4 }, { at: 3 }]);
  });

  it('gives no key twice, though its value was deleted', () => {
    const shelf = new Shelf<number>(folder.path, 'things');
    shelf.set('a-0', 0);
    shelf.delete('a-0');
    for (const one of [shelf, new Shelf<number>(folder.path, 'things')])
      assert.equal(one.newKey('a'), 'a-1');
  });

  it('forgets a line that was cut off', async () => {
    new Shelf<number>(folder.path, 'things').set('a', 1);
    await appendFile(join(folder.path, 'things.jsonl'), '{"key":"b","val');
    const again = new Shelf<number>(folder.path, 'things');
    again.set('c', 3);
    assert.deepEqual(new Shelf<number>(folder.path, 'things').values(), [1, 3]);
  });
});
