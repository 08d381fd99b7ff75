import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import getPort from 'get-port';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { defineConfig } from '../../workers/config.ts';
import { connectClient, connectWorker } from '../../workers/temporal.ts';

const VARIABLES = ['TEMPORAL_ADDRESS', 'TEMPORAL_CONFIG_FILE', 'TEMPORAL_NAMESPACE'];

describe('a Temporal server that is not there', () => {
  let nowhere: string;
  const before: Record<string, string | undefined> = {};
  beforeEach(async () => {
    nowhere = `127.0.0.1:${await getPort()}`;
    for (const name of VARIABLES) before[name] = process.env[name];
  });
  afterEach(() => {
    for (const name of VARIABLES)
      if (before[name] === undefined) delete process.env[name];
      else process.env[name] = before[name];
  });

  const unreachable = () => ({
    name: 'TemporalUnreachable',
    message: new RegExp(`at ${nowhere}: .*semievol dev.*TEMPORAL_ADDRESS`),
  });

  it('is told by client and worker, with its address and what to do', async () => {
    const config = defineConfig({ temporal: { address: nowhere } });
    await Promise.all([
      assert.rejects(connectClient(config), unreachable()),
      assert.rejects(connectWorker(config), unreachable()),
    ]);
  });

  it('is looked for where the variable says', async () => {
    process.env.TEMPORAL_ADDRESS = nowhere;
    await assert.rejects(connectWorker(defineConfig()), unreachable());
  });

  it("is looked for where the profile of Temporal's own command line says", async () => {
    const folder = await mkdtemp(join(tmpdir(), 'semievol-profile-'));
    try {
      process.env.TEMPORAL_CONFIG_FILE = join(folder, 'temporal.toml');
      await writeFile(
        process.env.TEMPORAL_CONFIG_FILE,
        `[profile.there]\naddress = "${nowhere}"\n`,
      );
      const config = defineConfig({ temporal: { profile: 'there' } });
      await assert.rejects(connectWorker(config), unreachable());
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});
