import assert from 'node:assert/strict';
import { access, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it } from 'mocha';
import {
  assertEnough,
  earlierAttempts,
  nameOf,
  nextAttempt,
  ownRun,
  prepare,
} from '../../cli/demoRuns.ts';
import { CliError } from '../../cli/errors.ts';
import { SemiEvolClient } from '../../client/client.ts';
import { defineConfig } from '../../config/config.ts';
import { STEPS } from '../../demo/estimate.ts';
import { useFolder, useOwnTemporal } from '../support/suite.ts';

describe('runs of the demo', () => {
  const files = useFolder('suite');
  const temporal = useOwnTemporal('suite');

  it('are gone on with, unless an earlier demo with another spec has the name', async () => {
    const client = new SemiEvolClient(temporal.client, defineConfig());
    // Without a worker a cancellation would wait.
    const end = () => temporal.client.workflow.getHandle(name).terminate();
    const state = files.path;
    const request = { state, seed: 1, labelled: 8, unlabelled: 8, test: 8 };
    const name = 'demo-l8-u8-t8-s1';
    const attempt = nextAttempt(request, request.seed);
    const run = await prepare(state, attempt);
    assert.equal(run.spec.name, name);
    const said: string[] = [];
    const own = () => ownRun(client, state, attempt, (line) => said.push(line));
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
    const names = (await earlierAttempts(request)).map(nameOf);
    assert.deepEqual(names, [name, anew.spec.name]);
    assert.equal(await client.stateOf(anew.spec.name), 'none');
  });
});

describe('the earlier attempts of a demo', () => {
  const files = useFolder('test');
  const [largest, second] = STEPS;
  const request = () => ({ state: files.path, seed: 3, labelled: 40 });

  /** An attempt that was used at some second. */
  async function attempt(sizes: { unlabelled: number; test: number }, at: number, seed = 3) {
    const one = nextAttempt({ labelled: 40, ...sizes }, seed);
    const { folder } = await prepare(files.path, one);
    await utimes(join(folder, 'test.jsonl'), at, at);
    return one;
  }

  it('have the sizes that a machine was found to do, whatever it would be found to do now', async () => {
    assert.deepEqual(await earlierAttempts(request()), []);
    const interrupted = await attempt(second!, 2_000);
    const older = await attempt(largest!, 1_000);
    await attempt(largest!, 3_000, 4);
    assert.deepEqual(await earlierAttempts(request()), [older, interrupted]);
  });

  it('are not those whose sizes were given by hand, unless the same are given', async () => {
    const byHand = await attempt({ unlabelled: 24, test: 16 }, 1_000);
    assert.deepEqual(await earlierAttempts(request()), []);
    assert.deepEqual(await earlierAttempts({ ...request(), unlabelled: 24, test: 16 }), [byHand]);
    const half = await attempt({ unlabelled: 24, test: largest!.test }, 2_000);
    assert.deepEqual(await earlierAttempts({ ...request(), unlabelled: 24 }), [half]);
  });

  it('are counted by sizes, so that one begun anew has a name of its own', async () => {
    const first = nextAttempt({ labelled: 40, ...largest! }, 3);
    const third = { ...first, number: 3 };
    assert.equal(nameOf(nextAttempt(first, 3, [first, third])), `${nameOf(first)}.4`);
    const other = nextAttempt({ labelled: 40, ...second! }, 3, [first, third]);
    assert.doesNotMatch(nameOf(other), /\./);
  });

  it('are refused before anything starts where there are not as many definitions', async () => {
    await assertEnough(request());
    const tooMany = assertEnough({ ...request(), test: 1_000_000 });
    await assert.rejects(tooMany, (error) => error instanceof CliError && error.isOfInput);
  });
});
