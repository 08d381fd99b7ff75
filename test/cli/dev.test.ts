import assert from 'node:assert/strict';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it } from 'mocha';
import OpenAI from 'openai';
import { ensureEngine } from '../../engine/setup.ts';
import { isFree } from '../../stack/place.ts';
import { smallModel } from '../engine/support.ts';
import { portForLater } from '../support/port.ts';
import { useFolder } from '../support/suite.ts';
import { semievol, startSemievol } from './support.ts';

describe('semievol dev', () => {
  const files = useFolder('suite');
  it('runs server, engine and worker, with a model of a folder; Ctrl-C leaves nothing behind', async () => {
    await ensureEngine();
    const model = join(files.path, 'qwen3');
    await smallModel(model);
    const state = join(files.path, 'state');
    const ports = [await portForLater(), await portForLater(), await portForLater()];
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
    const dev = startSemievol(
      ['dev', '--json', '--model', model, ...where, '--engine-port', engine],
      cloud,
    );
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
      const client = new OpenAI({ baseURL: `http://127.0.0.1:${engine}/v1`, apiKey: 'none' });
      const { usage } = await client.chat.completions.create({
        model: 'qwen3',
        messages: [{ role: 'user', content: 'Count to three.' }],
        max_tokens: 3,
      });
      assert.equal(usage!.completion_tokens, 3);
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
