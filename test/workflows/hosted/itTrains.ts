import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { usageOf } from '../../../core/usage.ts';
import { openStore } from '../../../store/store.ts';
import { lookUntil } from '../../support/lookUntil.ts';
import { failedFor, writeTask } from '../../support/stack.ts';
import { type HostedProvider, type Place, useHosted } from './support.ts';

/** How a provider differs from others in what the tests do with it. */
export interface Ways<P extends HostedProvider> extends Place {
  open(): Promise<P>;
  /** Whether a request asks for a job. */
  asksForJob(seen: { method: string; path: string }): boolean;
  /** All states that a job may go through and still get its model. */
  everyState: string[];
  /** Ends of a job, and the failures that they are. */
  ends: readonly (readonly [string, string])[];
  /** Ends all deployments, as the provider does. */
  expire(provider: P): void;
  /** Whether a name is that of a tuned model, or that of a deployment of one. */
  isTuned(name: string): boolean;
  isDeployed(name: string): boolean;
  /** Deployments that cost. */
  standing(provider: P): unknown[];
}

/** Fine-tunes and a whole run at a provider's stand-in, over a real Temporal. */
export function itTrains<P extends HostedProvider>(
  what: string,
  ways: Ways<P>,
  more: (place: ReturnType<typeof useHosted<P>>) => void,
): void {
  describe(`fine-tuning at ${what}`, () => {
    const place = useHosted<P>(ways.open, ways);

    it('makes a model in every state there is, of one job whose answer was lost', async () => {
      place.provider.script = ways.everyState;
      let lost = 0;
      place.provider.setFaults((seen) =>
        ways.asksForJob(seen) && lost++ === 0 ? 'cut-after' : undefined,
      );
      const handle = await place.start('whole');
      const { model, jobId, rows } = await handle.result();
      place.provider.setFaults();
      assert.deepEqual(
        place.jobsFor('whole').map(({ id }) => id),
        [jobId],
      );
      assert.equal(rows, 1);
      const store = await openStore(place.bench.config.store);
      try {
        const record = await store.models.byName(model);
        assert.deepEqual([record?.jobId, record?.base], [jobId, ways.base]);
        const spend = await (await store.run('whole', 'mine')).spend(0);
        assert.ok(usageOf(spend).trainedTokens > 0);
      } finally {
        store.close();
      }
      const history = JSON.stringify(await handle.fetchHistory());
      assert.ok(!history.includes(ways.key));
      assert.doesNotMatch(history, /two and two/i);
    });

    for (const [status, type] of ways.ends)
      it(`fails as ${type} where a job is ${status}`, async () => {
        place.provider.script = ways.everyState.slice(0, 2);
        const name = `ends-${status.toLowerCase().replaceAll('_', '-')}`;
        const handle = await place.start(name);
        const { id } = await place.jobFor(name);
        if (status === 'removed') place.provider.jobs.remove(id);
        else place.provider.jobs.finish(id, status);
        await assert.rejects(handle.result(), failedFor(type));
        assert.equal(place.jobsFor(name).length, status === 'removed' ? 0 : 1);
      });

    it('cancels the job with the workflow', async () => {
      place.provider.script = ways.everyState.slice(0, 2);
      const handle = await place.start('left');
      const { id } = await place.jobFor('left');
      await handle.cancel();
      await assert.rejects(handle.result());
      assert.match(place.provider.jobs.get(id).status, /cancel/i);
    });

    it('cancels a job that never said that there is one', async () => {
      place.provider.setFaults((seen) => (ways.asksForJob(seen) ? 'cut-after' : undefined));
      const handle = await place.start('unheard');
      const { id } = await place.jobFor('unheard');
      await handle.cancel();
      await assert.rejects(handle.result());
      place.provider.setFaults();
      assert.match(place.provider.jobs.get(id).status, /cancel/i);
    });

    more(place);

    it('serves a whole run: models are put up, again when they expire, and down in the end', async () => {
      const { provider, bench } = place;
      provider.script = [ways.everyState[0]!, ways.everyState.at(-1)!];
      let asked = 0;
      provider.onChat = (name) => {
        // In the middle of a batch; all of them.
        if (name !== ways.base && ++asked === 12) ways.expire(provider);
      };
      const model = { endpoint: 'local', name: ways.base };
      const embedding = { endpoint: 'helper', name: 'all-minilm-l6-v2' };
      const sizes = { labelled: 10, unlabelled: 20, test: 20 };
      const spec = await writeTask(bench.folder, `${ways.trainer.type}-run`, sizes, {
        model,
        embedding,
      });
      const { latest } = await (await bench.start(spec)).result();
      assert.notEqual(latest[0]!.values.semievol, null);
      const [report] = await bench.reports(spec.name);
      // Known by the names that stay.
      const answered = report!.usage.map((use) => use.model);
      assert.ok(answered.some((name) => ways.isTuned(name)));
      assert.ok(!answered.some((name) => ways.isDeployed(name)));
      assert.ok(asked > 12);
      const query = `WorkflowType = "host" AND TaskQueue = "${bench.config.temporal.taskQueue}"`;
      const hosts = async () => {
        const ids = new Set<string>();
        for await (const { workflowId } of bench.temporal.client.workflow.list({ query }))
          ids.add(workflowId);
        return ids;
      };
      // Searches see a change a little later.
      const ids = await lookUntil(hosts, ({ size }) => size >= 2);
      const putUp = provider
        .requests({ method: 'POST', status: 200 })
        .filter(({ path }) => /\/deployments$|:undelete$/.test(path)).length;
      assert.ok(putUp > ids.size, `${ids.size} models were put up ${putUp} times`);
      await lookUntil(
        () => ways.standing(provider),
        ({ length }) => length === 0,
      );
    });
  });
}
