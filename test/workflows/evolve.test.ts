import assert from 'node:assert/strict';
import { rm, truncate } from 'node:fs/promises';
import { describe, it } from 'mocha';
import type { RunStatus } from '../../core/status.ts';
import { usageOf } from '../../core/usage.ts';
import { openStore } from '../../store/store.ts';
import { failedFor, writeTask } from '../support/stack.ts';
import { useBench } from '../support/suite.ts';
import { jobOf } from './support.ts';

describe('an evolution', () => {
  const bench = useBench('test');

  it('goes from files to a better model, with every figure accounted for', async () => {
    const sizes = { labelled: 20, unlabelled: 40, test: 30 };
    const spec = await writeTask(bench.folder, 'whole-round', sizes);
    const status: RunStatus = await bench.run(spec);
    const [report, ...others] = await bench.reports(spec.name);
    assert.ok(report);
    assert.equal(others.length, 0);
    assert.deepEqual(report.examples, sizes);
    assert.deepEqual(status.totals, { finished: 1, promoted: report.promoted ? 1 : 0 });
    assert.deepEqual(
      status.latest.map(({ metric, values, champion }) => [metric, values.semievol, champion]),
      [['accuracy', report.metrics[0]!.values.semievol.value, report.models.champion]],
    );

    const { base, sft, semievol } = report.metrics[0]!.values;
    assert.ok(semievol.value! > base.value! && sft.epochs.value! > base.value!);
    const { all, selected, count } = report.pseudoLabels;
    assert.ok(selected.value! > all.value!);
    assert.equal(count, 20, 'half of the unlabelled is kept at θ = 50');
    assert.equal(selected.of, count);

    // One warm-up, one final fine-tune, one baseline of equal steps; each was known by its key.
    const jobs = bench.provider.jobs.all();
    assert.equal(jobs.length, 3);
    assert.equal(new Set(jobs.map((job) => job.metadata?.semievol_key)).size, 3);

    assert.equal(report.bill.cost, null, 'no prices are configured');

    // Four collaborators and four evaluated models; not one request twice.
    const asked = (phase: string) => usageOf(report.usage, phase).requests;
    assert.equal(asked('collaborate'), 4 * sizes.unlabelled);
    for (const role of ['vanilla', 'sft', 'sft-steps', 'semievol'])
      assert.equal(asked(`evaluate-${role}`), sizes.test);
    const chats = bench.provider.requests({ kind: 'chat' }).length;
    assert.equal(chats, 4 * sizes.unlabelled + 4 * sizes.test + asked('justify'));

    const store = await openStore(bench.config.store);
    try {
      const models = await store.models.list({ run: spec.name });
      assert.deepEqual(models.map(({ role }) => role).sort(), ['semievol', 'sft-steps', 'warm-up']);
      const evolved = models.find(({ role }) => role === 'semievol')!;
      assert.equal(evolved.base, spec.model.name);
      assert.equal(evolved.trainingRows, sizes.labelled + count);
    } finally {
      store.close();
    }
  });

  it('starts the second round from the champion of the first', async () => {
    const sizes = { labelled: 10, unlabelled: 20, test: 20 };
    const spec = await writeTask(bench.folder, 'two-rounds', sizes, { rounds: 2 });
    await bench.run(spec);
    const reports = await bench.reports(spec.name);
    const [first, second] = reports;
    assert.equal(reports.length, 2);
    assert.ok(first && second);
    const warmUps = bench.provider.jobs
      .all()
      .filter((job) => job.metadata?.semievol_key?.includes('/warm-up/'))
      .reverse();
    assert.deepEqual(
      warmUps.map((job) => job.model),
      [spec.model.name, first.models.champion],
    );
    assert.deepEqual(
      second.models.champion,
      second.promoted ? second.models.semievol : first.models.champion,
    );
    // Its answers of the first round are taken over: it was asked once only.
    for (const stage of ['evaluate-vanilla', 'evaluate-champion'])
      assert.equal(usageOf(second.usage, stage).requests, 0);
    const { base, semievol } = first.metrics[0]!.values;
    assert.deepEqual(second.metrics[0]!.values.base, base);
    assert.deepEqual(second.metrics[0]!.values.champion, first.promoted ? semievol : undefined);
    assert.equal(bench.provider.repeats('chat'), 0);
  });

  it('starts again after a failure without asking for anything twice', async () => {
    const spec = await writeTask(bench.folder, 'again', { labelled: 10, unlabelled: 20, test: 10 });
    const { provider } = bench;
    provider.setFaults(({ method, path }) =>
      method === 'POST' && path === '/fine_tuning/jobs' && provider.jobs.all().length === 1
        ? { status: 400 }
        : undefined,
    );
    await assert.rejects(bench.run(spec));
    const asked = bench.provider.requests({ kind: 'chat' }).length;
    assert.ok(asked > 0);
    bench.provider.setFaults(undefined);
    const { totals } = await bench.run(spec);
    assert.equal(totals.finished, 1);
    assert.equal(bench.provider.jobs.all().length, 3);
    assert.equal(bench.provider.repeats('chat'), 0);
  });

  it('refuses another spec under the name of a run that was begun', async () => {
    const sizes = { labelled: 10, unlabelled: 10, test: 10 };
    const spec = await writeTask(bench.folder, 'one-name', sizes);
    await bench.run(spec);
    const before = bench.provider.requests({ kind: 'chat' }).length;
    await assert.rejects(bench.run({ ...spec, seed: 1 }), failedFor('SpecChanged'));
    assert.equal(bench.provider.requests({ kind: 'chat' }).length, before);
  });

  it('finds neighbours by text alone, without a model for embeddings', async () => {
    const sizes = { labelled: 10, unlabelled: 10, test: 10 };
    const spec = await writeTask(bench.folder, 'by-text', sizes, {
      retrieval: { mode: 'bm25' },
      embedding: { name: 'not-there' },
    });
    const { totals } = await bench.run(spec);
    assert.equal(totals.finished, 1);
    assert.equal(bench.provider.requests({ kind: 'embeddings' }).length, 0);
  });

  it('says when there are fewer labelled examples than neighbours, and runs once that is mended', async () => {
    const few = await writeTask(bench.folder, 'few', { labelled: 3, unlabelled: 10, test: 10 });
    await assert.rejects(bench.run(few), failedFor('DataError'));
    assert.equal(bench.provider.requests({ kind: 'chat' }).length, 0);
    const collaborators = [{ ...few.collaborators[0]!, shots: 2 }];
    const { totals } = await bench.run({ ...few, collaborators });
    assert.equal(totals.finished, 1);
  });

  it('works on the same data in every round, though its files are cut and deleted meanwhile', async () => {
    const { provider } = bench;
    provider.jobs.hold();
    const sizes = { labelled: 10, unlabelled: 20, test: 20 };
    const spec = await writeTask(bench.folder, 'files-gone', sizes, { rounds: 2 });
    const worker = await bench.worker();
    await worker.runUntil(async () => {
      const run = await bench.start(spec);
      await jobOf(bench, spec.name);
      await truncate(spec.data.test[0]!, 200);
      await rm(spec.data.unlabelled[0]!);
      provider.jobs.release();
      const { totals } = await run.result();
      assert.equal(totals.finished, 2);
    });
    const [first, second] = await bench.reports(spec.name);
    assert.deepEqual([first!.examples, second!.examples], [sizes, sizes]);
    assert.equal(second!.dataset, first!.dataset);
    assert.equal(second!.metrics[0]!.values.semievol.of, sizes.test);
  });

  it('does not mix the examples of a data file that was changed in between', async () => {
    const { provider } = bench;
    provider.setFaults(({ method, path }) =>
      method === 'POST' && path === '/fine_tuning/jobs' && provider.jobs.all().length === 1
        ? { status: 400 }
        : undefined,
    );
    const sizes = { labelled: 10, unlabelled: 20, test: 10 };
    const spec = await writeTask(bench.folder, 'changed-data', sizes);
    await assert.rejects(bench.run(spec));
    provider.setFaults(undefined);
    await writeTask(bench.folder, 'changed-data', { labelled: 12, unlabelled: 15, test: 20 });
    await bench.run(spec);
    const reports = await bench.reports(spec.name);
    assert.deepEqual(reports[0]!.examples, { labelled: 12, unlabelled: 15, test: 20 });
    assert.equal(reports[0]!.metrics[0]!.values.semievol.of, 20);
    assert.equal(reports[0]!.pseudoLabels.all.of, 15);
  });
});
