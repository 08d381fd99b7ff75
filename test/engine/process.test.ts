import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { rm, writeFile } from 'node:fs/promises';
import { cpus } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { execa } from 'execa';
import { after, before, describe, it } from 'mocha';
import { checkEngine } from '../../engine/checks.ts';
import { startEngine } from '../../engine/gateway.ts';
import { PythonService } from '../../engine/pythonProcess.ts';
import {
  EMBEDDING_MODEL,
  embeddingEnvironment,
  mlxEnvironment,
  PYTHON_EXECUTABLE,
  program,
} from '../../engine/settings.ts';
import { ensureEngine, temporalBinary } from '../../engine/setup.ts';
import { clientOf, temporaryFolder } from './support.ts';

const ROOT = path.resolve(import.meta.dirname, '../..');

describe('engine: set-up and processes', () => {
  let stateFolder: string;

  before(async () => {
    await ensureEngine();
    stateFolder = await temporaryFolder();
  });
  after(() => rm(stateFolder, { recursive: true, force: true }));

  it('is set up once: again, it does nothing and says nothing', async () => {
    const lines: string[] = [];
    await ensureEngine({ onProgress: (line) => lines.push(line) });
    assert.deepEqual(lines, []);
    assert.match((await execa(temporalBinary(), ['--version'])).stdout, /temporal version/i);
  });

  it('passes its own checks, with the speed of its BLAS', async () => {
    const checks = await checkEngine();
    for (const check of checks) assert.ok(check.ok, `${check.name}: ${check.detail}`);
    assert.match(checks.at(-1)!.detail, /GFLOP\/s/);
  });

  it('agrees with mlx in activations and their gradients', async () => {
    const script = path.join(ROOT, 'test', 'engine', 'activations.py');
    const { stdout } = await execa(PYTHON_EXECUTABLE, [script, path.dirname(program('serve'))], {
      env: mlxEnvironment(),
    });
    const differences: Record<string, number> = JSON.parse(stdout);
    assert.equal(Object.keys(differences).length, 5);
    for (const [name, difference] of Object.entries(differences)) {
      assert.ok(difference < 1e-4, `${name}: ${difference}`);
    }
  });

  it('hands out enough to keep every core busy', async function () {
    if (process.platform !== 'linux') return this.skip();
    const script = path.join(ROOT, 'test', 'engine', 'lookahead.py');
    const { stdout } = await execa(PYTHON_EXECUTABLE, [script, path.dirname(program('serve'))], {
      env: mlxEnvironment(),
    });
    const [begun, underWay, ended] = JSON.parse(stdout);
    assert.equal(begun, -15 * cpus().length);
    // With mlx's own limit it is 11 at the most.
    assert.ok(underWay > 15, `${underWay} tasks are under way`);
    assert.equal(ended, begun);
  });

  it('starts a model process again after it died, failing only what was in flight', async () => {
    const service = new PythonService(
      {
        program: program('embed'),
        args: [EMBEDDING_MODEL.repository],
        env: embeddingEnvironment(),
      },
      () => {},
    );
    try {
      const lost = assert.rejects(service.request({ texts: ['lost'] }), { status: 503 });
      service.start().child.kill('SIGKILL');
      await lost;
      assert.ok((await service.request({ texts: ['found'] })).tokens > 0);
    } finally {
      await service.close();
    }
  });

  it('ends a program that writes anything but messages', async () => {
    const talker = path.join(stateFolder, 'talker.py');
    await writeFile(talker, 'import time\nprint(\'{"loss": NaN}\', flush=True)\ntime.sleep(60)\n');
    const service = new PythonService({ program: talker, env: {} }, () => {});
    await assert.rejects(service.request({}), { status: 503, message: /no message: .*NaN/ });
  });

  it('says when its port is taken', async () => {
    const first = await startEngine({ port: 0, stateFolder });
    try {
      const port = Number(new URL(first.url).port);
      await assert.rejects(startEngine({ port, stateFolder }), new RegExp(`Port ${port} .* taken`));
    } finally {
      await first.close();
    }
  });

  for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
    it(`leaves no process behind after ${signal}`, async () => {
      const main = spawn(
        process.execPath,
        ['engine/main.ts', '--port', '0', '--state', stateFolder],
        { cwd: ROOT },
      );
      const url = await announcedUrl(main);
      await clientOf(url).embeddings.create({ model: EMBEDDING_MODEL.id, input: 'awake' });
      const children = await childrenOf(main.pid!);
      assert.equal(children.length, 2);
      const exited = once(main, 'exit');
      main.kill(signal);
      const [code, by] = await exited;
      assert.deepEqual([code, by], signal === 'SIGTERM' ? [0, null] : [null, 'SIGKILL']);
      while (children.some(isAlive)) await new Promise((resolve) => setTimeout(resolve, 20));
    });
  }
});

const announcedUrl = async (main: ChildProcess): Promise<string> => {
  for await (const line of createInterface(main.stdout!)) {
    const url = /Engine at (\S+)/.exec(line)?.[1];
    if (url) return url;
  }
  throw new Error('the engine ended before it was ready');
};

const childrenOf = async (pid: number): Promise<number[]> => {
  const { stdout } = await execa('ps', ['-A', '-o', 'pid=,ppid=']);
  const pairs = stdout.split('\n').map((line) => line.trim().split(/\s+/).map(Number));
  return pairs.filter(([, parent]) => parent === pid).map(([child]) => child!);
};

const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
};
