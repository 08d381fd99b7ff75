import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'mocha';
import { CAPABILITIES } from '../../core/capabilities.ts';

const PAGE = join(import.meta.dirname, '../../docs/capabilities.md');

describe('the page on capabilities', () => {
  it('has the table that the code goes by', () => {
    const rows = readFileSync(PAGE, 'utf8').match(/^\| `.*$/gm);
    const expected = Object.entries(CAPABILITIES).map(
      ([name, { probe, lie, fallback }]) => `| \`${name}\` | ${probe} | ${lie} | ${fallback} |`,
    );
    assert.deepEqual(rows, expected);
  });
});
