import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { defineConfig } from '../../config/config.ts';
import { deploymentOptions } from '../../workers/deployment.ts';

const VARIABLES = ['TEMPORAL_DEPLOYMENT_NAME', 'TEMPORAL_WORKER_BUILD_ID'];

describe("a worker's build", () => {
  const before = VARIABLES.map((name) => [name, process.env[name]] as const);
  beforeEach(() => {
    for (const name of VARIABLES) delete process.env[name];
  });
  afterEach(() => {
    for (const [name, value] of before)
      if (value === undefined) delete process.env[name];
      else process.env[name] = value;
  });

  const versionOf = (deployment: { name?: string; buildId?: string }) =>
    deploymentOptions(defineConfig({ worker: { deployment } }).worker.deployment)?.version;

  it('is none by default, and a name alone makes none', () => {
    assert.equal(deploymentOptions(defineConfig().worker.deployment), undefined);
    assert.equal(versionOf({ name: 'ours' }), undefined);
  });

  it('comes from the configuration', () => {
    assert.deepEqual(versionOf({ buildId: 'a1' }), { deploymentName: 'semievol', buildId: 'a1' });
    assert.deepEqual(versionOf({ name: 'ours', buildId: 'a1' }), {
      deploymentName: 'ours',
      buildId: 'a1',
    });
  });

  it('comes from the environment first', () => {
    process.env.TEMPORAL_WORKER_BUILD_ID = 'b2';
    assert.deepEqual(versionOf({ name: 'ours' }), { deploymentName: 'ours', buildId: 'b2' });
    process.env.TEMPORAL_DEPLOYMENT_NAME = 'theirs';
    assert.deepEqual(versionOf({ name: 'ours', buildId: 'a1' }), {
      deploymentName: 'theirs',
      buildId: 'b2',
    });
  });

  it('is none where the variable is empty', () => {
    process.env.TEMPORAL_WORKER_BUILD_ID = '';
    assert.equal(versionOf({ buildId: 'a1' }), undefined);
  });
});
