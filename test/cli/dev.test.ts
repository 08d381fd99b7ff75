import assert from 'node:assert/strict';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import getPort from 'get-port';
import { describe, it } from 'mocha';
import { isFree } from '../../stack/place.ts';
import { useFolder } from '../support/suite.ts';
import { semievol, startSemievol } from './support.ts';

describe('semievol dev', () => {
  const files = useFolder('suite');
  it('runs server, engine and worker; Ctrl-C leaves nothing behind', async () => {
    const state = join(files.path, 'state');
    const ports = [await getPort(), await getPort(), await getPort()];
    const [temporal, ui, engine] = ports.map(String) as [string, string, string];
    const where = ['--state', state, '--temporal-port', temporal, '--ui-port', ui];
    // What a user of Temporal Cloud may have set.
    const cloud = {
      TEMPORAL_ADDRESS: 'cloud.invalid:7233',
      TEMPORAL_NAMESPACE: 'theirs.a1b2c',
      TEMPORAL_API_KEY: 'secret',
      TEMPORAL_TLS_SERVER_NAME: 'cloud.invalid',
      TEMPORAL_PROFILE: 'cloud',
    };
    const dev = startSemievol(['dev', '--json', ...where, '--engine-port', engine], cloud);
    try {
      const [environment] = await Promise.race([
        once(dev.stdout, 'data'),
        dev.then(({ stderr }) => assert.fail(`it ended: ${stderr}`)),
      ]);
      const env = JSON.parse(String(environment)) as Record<string, string>;
      assert.equal(env.TEMPORAL_ADDRESS, `127.0.0.1:${temporal}`);

      const doctor = await semievol(['doctor', '--json'], { ...cloud, ...env });
      const { checks } = JSON.parse(doctor.stdout) as { checks: { name: string; ok: boolean }[] };
      for (const name of ['Temporal', 'worker', 'endpoint local'])
        assert.ok(checks.find((check) => check.name === name)?.ok, `${name}: ${doctor.stdout}`);
      const open: string[] = [];
      for (const entry of await readdir(state, { recursive: true }))
        if ((await stat(join(state, entry))).mode & 0o077) open.push(entry);
      assert.deepEqual(open, [], 'others can read them');
      for (const kept of ['temporal.db', 'engine', 'store', 'logs', 'stack.json'])
        assert.ok(existsSync(join(state, kept)), kept);

      const second = await semievol(['dev', ...where]);
      assert.equal(second.exitCode, 2);
      assert.match(second.stderr, /a stack already runs on .*: use it, stop it, or give/);
    } finally {
      dev.kill('SIGINT');
    }
    const { exitCode, stderr } = await dev;
    assert.equal(exitCode, 0, stderr);
    for (const port of ports) assert.ok(await isFree(port), `port ${port} is still taken`);
    assert.equal(existsSync(join(state, 'stack.json')), false);
  });
});
