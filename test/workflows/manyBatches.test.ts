import assert from 'node:assert/strict';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { connect } from '@lancedb/lancedb';
import { before, describe, it } from 'mocha';
import { writeTask } from '../support/stack.ts';
import { useBench, useTemporal } from '../support/suite.ts';

/** Batches an execution works through. */
const BATCHES = 40;
/** Those of a table that is left as it is. */
const FRAGMENTS = 100;

const POOL = 2 * BATCHES + 10;

describe('a pool of many batches', () => {
  const temporal = useTemporal();
  const bench = useBench('suite');

  before(async () => {
    const sizes = { labelled: 10, unlabelled: POOL, test: 10 };
    const changes = { batch: { size: 1, window: 8 }, collaborators: [{ name: 'alone', shots: 1 }] };
    await bench.run(await writeTask(bench.folder, 'many', sizes, changes));
  });

  it('is worked through by executions of bounded history', async () => {
    const { workflow } = temporal.client;
    const lengths: number[] = [];
    for await (const { workflowId, runId } of workflow.list({
      query: "WorkflowId = 'many/round-1/propagate'",
    })) {
      const { events } = await workflow.getHandle(workflowId, runId).fetchHistory();
      lengths.push(events!.length);
    }
    assert.equal(lengths.length, 3);
    for (const length of lengths) assert.ok(length < 30 * BATCHES, `${length} events`);
  });

  it('leaves few fragments behind, and every row', async () => {
    const runs = join(bench.config.store.uri, 'runs', 'many');
    const [dataset] = await readdir(runs);
    const database = await connect(join(runs, dataset!));
    const names = await database.tableNames();
    const rows: Record<string, number> = {
      answers: 90 + 3 * 10,
      neighbours: 90,
      pseudo_labels: 90,
    };
    for (const [name, expected] of Object.entries(rows)) {
      // The rows are in a table that bears the name of its maker, too.
      const [holder] = names.filter((one) => one.startsWith(`${name}-r1.0.held-`));
      const table = await database.openTable(holder!);
      const { numRows, fragmentStats } = await table.stats();
      assert.ok(numRows >= expected, `${name}: ${numRows} rows`);
      assert.ok(
        fragmentStats.numFragments <= FRAGMENTS,
        `${name}: ${fragmentStats.numFragments} fragments`,
      );
    }
    database.close();
  });
});
