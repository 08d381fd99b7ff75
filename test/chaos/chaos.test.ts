import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { execa } from 'execa';
import { describe, it } from 'mocha';
import { useFolder } from '../support/suite.ts';
import { type ChaosOptions, chaos } from './chaos.ts';

describe('chaos', function () {
  this.timeout(1_000_000);
  const folder = useFolder('test');

  /** On a small data set, with a fault in every tenth request. */
  async function fine(harm: Partial<ChaosOptions>) {
    const lines: string[] = [];
    const result = await chaos({
      ...{ place: 'gateway', kills: 0, serverRestarts: 0 },
      ...{ faultRate: 0.1, seed: 5 },
      sizes: { labelled: 10, unlabelled: 30, test: 10 },
      latencyMs: 40,
      pollSeconds: 0.1,
      folder: folder.path,
      say: (line) => lines.push(line),
      signal: AbortSignal.timeout(900_000),
      ...harm,
    });
    assert.ok(result.fine, `${lines.join('\n')}\n${JSON.stringify(result, null, 2)}`);
    assert.ok(result.faults > 10);
    return result;
  }

  it('leaves no trace in the results: a worker, the server and the provider killed, 10 % faults', async () => {
    const { kills, serverRestarts } = await fine({ kills: 2, serverRestarts: 1 });
    assert.deepEqual([kills, serverRestarts], [2, 1]);
  });

  it('leaves none where collaborators sit at three endpoints, and the engine, one of them, is killed', async () => {
    const { details } = await fine({ place: 'three', kills: 3 });
    const killed = details.kills.map(({ victim }) => victim).sort();
    assert.deepEqual(killed, ['gateway', 'worker', 'worker']);
  });

  for (const place of ['batch', 'azure', 'command'] as const)
    it(`leaves none, and every token is accounted for, with a budget that is raised twice: ${place}`, async () => {
      const { reached, details } = await fine({ place, kills: 1, budget: 'finish' });
      assert.equal(reached.length, 2);
      assert.ok(details.paid.trainedTokens > 0 && details.paid.promptTokens > 0);
    });

  it('leaves nothing behind when it is interrupted', async () => {
    const main = new URL('./main.ts', import.meta.url).pathname;
    const child = spawn(process.execPath, [main], { env: { ...process.env, TMPDIR: folder.path } });
    await once(createInterface(child.stderr), 'line');
    const [place] = await readdir(folder.path);
    const journal = join(folder.path, place!, 'undisturbed/provider/journal.jsonl');
    const asked = async () => (await readFile(journal, 'utf8')).includes('/embeddings');
    while (!(await asked().catch(() => false))) await sleep(100);
    assert.equal((await running()).filter((line) => line.includes(place!)).length, 4);
    child.kill('SIGINT');
    assert.deepEqual(await once(child, 'exit'), [130, null]);
    assert.deepEqual(await readdir(folder.path), []);
    assert.ok(!(await running()).some((line) => line.includes(place!)));
  });
});

const running = async () => (await execa('ps', ['-eo', 'args'])).stdout.split('\n');
