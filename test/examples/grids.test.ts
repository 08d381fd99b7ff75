import assert from 'node:assert/strict';
import { globSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, it } from 'mocha';
import { readGridFile } from '../../cli/gridFile.ts';
import { cellsOf } from '../../core/grid/cells.ts';
import { builtIn } from '../../core/registry.ts';
import { useFolder } from '../support/suite.ts';

const EXAMPLES = resolve(import.meta.dirname, '../../examples');

describe('the example grids', () => {
  const folder = useFolder('suite');

  for (const file of globSync('{grids,paper/grids}/*.yaml', { cwd: EXAMPLES }))
    it(`hold cells that can be run: ${file}`, async () => {
      const { grid, options } = await readGridFile(join(EXAMPLES, file), { drawn: folder.path });
      const found = cellsOf(grid, options.base, builtIn);
      assert.deepEqual('problems' in found ? found.problems : [], []);
    });
});
