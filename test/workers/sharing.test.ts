import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { writeTask } from '../support/stack.ts';
import { useBench, useTemporal } from '../support/suite.ts';

describe('two workers', () => {
  const temporal = useTemporal();
  const bench = useBench('suite', { latencyMs: 20 });

  it('share the batches of one run', async () => {
    const sizes = { labelled: 10, unlabelled: 160, test: 10 };
    const spec = await writeTask(bench.folder, 'shared', sizes, { batch: { size: 5, window: 8 } });
    for (let started = 0; started < 2; started++) await bench.startProcess();
    await (await bench.start(spec)).result();
    const propagate = temporal.client.workflow.getHandle('shared/round-1/propagate');
    const { events } = await propagate.fetchHistory();
    const by = Map.groupBy(
      events!.flatMap(({ activityTaskStartedEventAttributes: started }) => started ?? []),
      ({ identity }) => identity,
    );
    const counts = [...by.values()].map(({ length }) => length);
    assert.equal(counts.length, 2);
    assert.ok(Math.min(...counts) > 0.2 * Math.max(...counts), `batches by worker: ${counts}`);
  });
});
