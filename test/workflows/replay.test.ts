import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import { Worker } from '@temporalio/worker';
import { describe, it } from 'mocha';
import { workflowsPath } from '../../workers/plugin.ts';
import { quiet } from '../support/stack.ts';

const folder = new URL('../fixtures/histories/', import.meta.url);

describe('recorded histories', function () {
  this.timeout(60_000);

  it('replay with the workflows as they are now', async () => {
    quiet();
    const files = (await readdir(folder)).filter((name) => name.endsWith('.json'));
    assert.ok(files.length > 0);
    const histories = files.map(async (name) => ({
      workflowId: workflowIdOf(name),
      history: JSON.parse(await readFile(new URL(name, folder), 'utf8')),
    }));
    const failed: string[] = [];
    for await (const result of Worker.runReplayHistories(
      { workflowsPath },
      await Promise.all(histories),
    ))
      if (result.error) failed.push(`${result.workflowId}: ${result.error.message}`);
    assert.deepEqual(failed, []);
  });
});

/** Child ids are made from the workflow's own, which the history does not hold. */
function workflowIdOf(file: string): string {
  const [, workflow, ending] = /-([a-z-]+)-([a-z]+)\.json$/.exec(file)!;
  const run = ending === 'finished' || ending === 'continued' ? 'recorded' : `recorded-${ending}`;
  if (workflow === 'evolve') return run;
  return workflow === 'round' ? `${run}/round-1` : `${run}/round-1/${workflow}`;
}
