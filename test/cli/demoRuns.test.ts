import assert from 'node:assert/strict';
import { access } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it } from 'mocha';
import { earlierAttempts, ownRun, prepare } from '../../cli/demoRuns.ts';
import { SemiEvolClient } from '../../client/client.ts';
import { defineConfig } from '../../config/config.ts';
import { useFolder, useOwnTemporal } from '../support/suite.ts';

describe('runs of the demo', function () {
  this.timeout(30_000);
  const files = useFolder('suite');
  const temporal = useOwnTemporal('suite');

  it('are gone on with, unless an earlier demo with another spec has the name', async () => {
    const client = new SemiEvolClient(temporal.client, defineConfig());
    // Without a worker a cancellation would wait.
    const end = () => temporal.client.workflow.getHandle(name).terminate();
    const request = { state: files.path, seed: 1, labelled: 8, unlabelled: 8, test: 8 };
    const name = 'demo-l8-u8-t8-s1';
    const run = await prepare(request, name);
    const said: string[] = [];
    const own = () => ownRun(client, request, run, (line) => said.push(line));
    assert.deepEqual(await own(), run);

    await client.start(run.spec, run);
    assert.deepEqual(await own(), run);
    await end();

    await client.start({ ...run.spec, seed: 2 }, run);
    await end();
    assert.deepEqual(said, []);
    const anew = await own();
    assert.equal(anew.spec.name, `${name}.2`);
    assert.match(said.join(), /demo-l8-u8-t8-s1 was started with another spec/);
    await Promise.all(anew.spec.data.labelled.map((file) => access(join(anew.folder, file))));
    assert.deepEqual(await earlierAttempts(request), [name, anew.spec.name]);
    assert.equal(await client.stateOf(anew.spec.name), 'none');
  });
});
