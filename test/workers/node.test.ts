import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { refuseOldNode } from '../../workers/node.ts';

describe('a Node', () => {
  for (const version of ['20.19.5', '22.9.0', '9.0.0'])
    it(`that is too old is refused: ${version}`, () => {
      assert.throws(() => refuseOldNode(version), { message: /needs Node 22\.12\.0 or newer/ });
    });

  for (const version of ['22.12.0', '22.12.1', '24.0.0', '100.0.0'])
    it(`that is new enough is taken: ${version}`, () => {
      assert.doesNotThrow(() => refuseOldNode(version));
    });
});
