import assert from 'node:assert/strict';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it } from 'mocha';
import { usageOf } from '../../core/usage.ts';
import { openStore } from '../../store/store.ts';
import { type Bench, writeTask } from '../support/stack.ts';
import { useBench, useTemporal } from '../support/suite.ts';

const IN_FLIGHT = 4;

describe('a worker killed in the middle', () => {
  const temporal = useTemporal();
  const bench = useBench('test', { latencyMs: 40 }, { maxInFlight: IN_FLIGHT });

  it('while it propagates: only what was in flight is asked again, within a minute', async () => {
    const { provider } = bench;
    const spec = await writeTask(bench.folder, 'killed-propagating', {
      labelled: 10,
      unlabelled: 60,
      test: 10,
    });
    const first = await bench.startProcess();
    const run = await bench.start(spec);
    await provider.untilRequest({ kind: 'chat', status: 200 }, 60);
    await first.kill();
    const asked = provider.requests({ kind: 'chat' }).length;
    const stored = await storedAnswers(bench, spec.name);
    assert.ok(stored > 0 && stored < asked);
    // Asked and not yet stored: at most the requests in flight and the answers of one group.
    assert.ok(asked - stored <= 6 * IN_FLIGHT, `${asked} asked, ${stored} stored`);

    await bench.startProcess();
    const polledAt = performance.now();
    await provider.until(() => provider.repeats('chat') >= asked - stored);
    const seconds = (performance.now() - polledAt) / 1000;
    assert.ok(seconds < 60, `taken over after ${seconds} s`);
    await run.result();
    const [report] = await bench.reports(spec.name);
    assert.equal(
      usageOf(report!.usage, 'collaborate').requests,
      4 * 60,
      'every answer is there, once',
    );
    const total = provider.requests({ kind: 'chat' }).length;
    const needed = 4 * 60 + 4 * 10 + usageOf(report!.usage, 'justify').requests;
    assert.equal(total - needed, asked - stored, 'what was stored is not asked again');
    assert.equal(provider.jobs.all().length, 3);
  });

  it('while a job runs: the same job is waited for', async () => {
    const { provider } = bench;
    provider.jobs.hold();
    const spec = await writeTask(bench.folder, 'killed-training', {
      labelled: 10,
      unlabelled: 10,
      test: 10,
    });
    const first = await bench.startProcess();
    const run = await bench.start(spec);
    await provider.untilRequest({ kind: 'poll' });
    await first.kill();
    provider.jobs.release();
    await bench.startProcess();
    const { totals } = await run.result();
    assert.equal(totals.finished, 1);
    assert.equal(provider.jobs.all().length, 3);
    assert.equal(provider.requests({ kind: 'job' }).length, 3);
    assert.equal(provider.repeats('chat'), 0);
  });

  it('right after a job was made, its answer lost: the job is adopted', async () => {
    const { provider } = bench;
    let cut = 0;
    provider.setFaults(({ method, path }) =>
      method === 'POST' && path === '/fine_tuning/jobs' && cut++ === 0 ? 'cut-after' : undefined,
    );
    const spec = await writeTask(bench.folder, 'lost-answer', {
      labelled: 10,
      unlabelled: 10,
      test: 10,
    });
    await bench.startProcess();
    const { totals } = await (await bench.start(spec)).result();
    assert.equal(totals.finished, 1);
    assert.equal(provider.jobs.all().length, 3);
  });

  it('is noticed within seconds, whatever it was doing', async () => {
    const spec = await writeTask(bench.folder, 'noticed', {
      labelled: 10,
      unlabelled: 10,
      test: 10,
    });
    await bench.startProcess();
    await (await bench.start(spec)).result();
    const round = `${spec.name}/round-1`;
    const children = ['warm-up', 'propagate', 'fine-tune', 'evaluate'];
    const seen = new Set<string>();
    for (const id of [spec.name, round, ...children.map((child) => `${round}/${child}`)]) {
      const { events } = await temporal.client.workflow.getHandle(id).fetchHistory();
      for (const { activityTaskScheduledEventAttributes: scheduled } of events ?? []) {
        if (!scheduled) continue;
        const name = scheduled.activityType!.name!;
        const seconds = Number(scheduled.heartbeatTimeout?.seconds ?? 0);
        assert.ok(seconds > 0 && seconds <= 15, `${name} may be silent for ${seconds} s`);
        seen.add(name);
      }
    }
    assert.ok(seen.size >= 14, [...seen].join(', '));
  });
});

async function storedAnswers(bench: Bench, run: string): Promise<number> {
  const store = await openStore(bench.config.store);
  try {
    const [dataset] = await readdir(join(bench.config.store.uri, 'runs', run));
    const tables = await store.run(run, dataset!);
    const range = { from: 0, to: 1_000 };
    const answers = await tables.answers({ round: 1, stage: 'collaborate', range });
    const justified = await tables.answers({ round: 1, stage: 'justify', range });
    return answers.length + justified.length;
  } finally {
    store.close();
  }
}
