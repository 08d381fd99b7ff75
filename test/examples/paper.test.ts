import assert from 'node:assert/strict';
import { join, resolve } from 'node:path';
import { describe, it } from 'mocha';
import { readRunSpec } from '../../cli/specFile.ts';
import { preflight } from '../../data/preflight.ts';
import { useFolder } from '../support/suite.ts';
import { LAYOUTS, writeLayout } from './layouts.ts';

const EXAMPLES = resolve(import.meta.dirname, '../../examples/paper');

const ROWS = { labeled: 12, unlabeled: 9, test: 7 };

describe("the paper's specs", () => {
  const files = useFolder('suite');

  for (const task of Object.keys(LAYOUTS))
    it(`take the files of ${task} as the authors publish them`, async () => {
      await writeLayout(files, task, ROWS);
      const spec = await readRunSpec(join(EXAMPLES, `${task}.yaml`));
      const { counts, files: read } = await preflight({ ...spec, folder: files.path });
      assert.deepEqual(counts, { labelled: 12, unlabelled: 9, test: 7 });
      assert.deepEqual(
        read.map(({ bad }) => bad),
        [{}, {}, {}],
      );
    });

  it("go by the paper's way", async () => {
    for (const task of Object.keys(LAYOUTS)) {
      const { resolution, selection, collaborators } = await readRunSpec(
        join(EXAMPLES, `${task}.yaml`),
      );
      assert.equal(resolution, 'justify');
      const unchanged = { balance: 'none', confidentWeight: 1, share: 0.3 };
      const paper = { rule: 'paper', percentile: 50, score: 'entropy', ...unchanged };
      assert.deepEqual(selection, paper);
      assert.equal(collaborators.length, 4);
    }
  });
});
