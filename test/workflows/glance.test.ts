import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { setUpSearchAttributes } from '../../client/searchAttributes.ts';
import { SEARCH_ATTRIBUTE_NAMES } from '../../core/searchAttributes.ts';
import { pause, resume } from '../../workflows/messages.ts';
import { lookUntil } from '../support/lookUntil.ts';
import { writeTask } from '../support/stack.ts';
import { useBench, useOwnTemporal } from '../support/suite.ts';

const CHAT = '/chat/completions';
const SIZES = { labelled: 10, unlabelled: 40, test: 10 };

describe('a run, seen at a glance', () => {
  const temporal = useOwnTemporal('test');
  const prices = { 'smollm2-135m-instruct': { input: 1, output: 1, training: 1 } };
  const bench = useBench('test', { latencyMs: 20 }, { prices }, temporal);

  async function untilDetails(workflowId: string, expected: RegExp): Promise<void> {
    const handle = temporal.client.workflow.getHandle(workflowId);
    const details = () =>
      handle
        .query<{ currentDetails?: string }>('__temporal_workflow_metadata')
        .catch(() => undefined);
    await lookUntil(details, (seen) => expected.test(seen?.currentDetails ?? ''));
  }
  async function untilFound(query: string, expected: string[]): Promise<void> {
    const found = async () => {
      const ids: string[] = [];
      for await (const { workflowId } of temporal.client.workflow.list({ query }))
        ids.push(workflowId);
      return ids;
    };
    await lookUntil(found, (ids) => ids.sort().join() === expected.join());
  }

  it('shows and lets search for an endpoint that is away, a pause, and how it ended', async () => {
    assert.deepEqual(await setUpSearchAttributes(temporal.client), {
      added: SEARCH_ATTRIBUTE_NAMES,
      present: [],
    });
    assert.deepEqual(
      (await setUpSearchAttributes(temporal.client)).present,
      SEARCH_ATTRIBUTE_NAMES,
    );
    const { provider } = bench;
    const body = { error: { message: 'Insufficient Balance', type: 'billing' } };
    provider.setFaults(({ path }) =>
      path === CHAT && provider.requests({ kind: 'chat' }).length > 45
        ? { status: 402, body }
        : undefined,
    );
    const spec = await writeTask(bench.folder, 'seen', SIZES);
    const worker = await bench.worker();
    await worker.runUntil(async () => {
      const run = await bench.start(spec);
      // From the activity to its workflow, to the round, to the run.
      for (const id of ['seen/round-1/propagate', 'seen/round-1', 'seen'])
        await untilDetails(
          id,
          /⚠ endpoint "local" answered 402.*held back since \S+ UTC\. It goes on/,
        );
      await untilFound('SemiEvolWarning = "EndpointAway" AND SemiEvolState = "waiting"', [
        'seen',
        'seen/round-1',
      ]);
      await run.signal(pause);
      await untilDetails('seen/round-1/propagate', /Paused since.*semievol resume seen/);
      await untilFound('SemiEvolState = "paused" AND SemiEvolPhase = "propagate"', [
        'seen',
        'seen/round-1',
      ]);
      provider.setFaults(undefined);
      await untilFound('SemiEvolWarning = "EndpointAway"', []);
      await run.signal(resume);
      await untilDetails('seen/round-1', /\| spent: \| \$\d/);
      await run.result();
      await untilFound(
        'SemiEvolState = "completed" AND SemiEvolTask = "classification" AND SemiEvolRound = 1',
        ['seen', 'seen/round-1'],
      );
      await untilDetails('seen/round-1', /accuracy of semievol/);
    });
  });

  it('shows and lets search for a run that waits between rounds', async () => {
    await setUpSearchAttributes(temporal.client);
    const spec = await writeTask(bench.folder, 'living', SIZES, { rounds: 2, next: {} });
    const worker = await bench.worker();
    await worker.runUntil(async () => {
      const run = await bench.start(spec);
      await untilDetails(
        'living',
        /^## living, round 2 of 2: waiting\n\n○ It waits for "semievol next/,
      );
      const waiting = 'SemiEvolState = "waiting" AND SemiEvolRound = 2';
      await untilFound(`${waiting} AND SemiEvolPhase IS NULL AND SemiEvolWarning IS NULL`, [
        'living',
      ]);
      const listed = async () => {
        for await (const { name, state } of bench.client.list())
          if (name === 'living') return state;
        return undefined;
      };
      assert.equal(await listed(), 'waiting');
      await run.executeUpdate('next');
      await run.result();
      await untilFound('WorkflowId = "living" AND ExecutionStatus = "Completed"', ['living']);
      assert.equal(await listed(), 'completed');
    });
  });

  it('grows histories by few events, however many batches there are', async () => {
    const spec = await writeTask(
      bench.folder,
      'many',
      { ...SIZES, unlabelled: 100 },
      {
        batch: { size: 1, window: 8 },
        collaborators: [{ name: 'plain', shots: 0 }],
      },
    );
    const worker = await bench.worker();
    await worker.runUntil(async () => {
      await (await bench.start(spec)).result();
    });
    for (const id of ['many', 'many/round-1']) {
      const { events } = await temporal.client.workflow.getHandle(id).fetchHistory();
      const news = events!.filter((event) => event.workflowExecutionSignaledEventAttributes);
      assert.ok(news.length <= 80, `${id} was told ${news.length} times`);
      assert.ok(!events!.some((event) => event.upsertWorkflowSearchAttributesEventAttributes));
    }
  });
});
