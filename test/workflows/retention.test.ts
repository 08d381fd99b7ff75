import assert from 'node:assert/strict';
import { join } from 'node:path';
import { describe, it } from 'mocha';
import { usageOf } from '../../core/usage.ts';
import { connectStore } from '../../store/store.ts';
import { writeTask } from '../support/stack.ts';
import { useBench, useTemporal } from '../support/suite.ts';

describe('a run that keeps the answers of two rounds', () => {
  const bench = useBench('test', {}, {}, useTemporal());

  it('still has what its figures and its models were made of, of all rounds', async () => {
    const { client, folder, config } = bench;
    await bench.startWorker();
    const more = { rounds: 3, retention: { answers: 2 } };
    const spec = await writeTask(folder, 'keeps', undefined, more);
    const run = await client.start(spec, { folder });
    await run.result();

    const { rounds, dropped } = await run.reports();
    assert.deepEqual(dropped, [1]);
    const store = connectStore(config.store);
    const made = await store.models.list({ run: 'keeps' });
    const tables = await store.run('keeps', made[0]!.dataset);
    assert.deepEqual(await tables.roundsWithAnswers(), [2, 3]);
    for (const { round, usage } of rounds)
      assert.deepEqual(usageOf(await tables.spend(round)), usageOf(usage), `round ${round}`);
    const first = made.find(({ round, role }) => round === 1 && role === 'semievol')!;
    const { rows } = await run.export({ to: join(folder, 'first'), model: first.name });
    assert.ok('rows' in rows && rows.isSame);
    store.close();
  });
});
