import assert from 'node:assert/strict';
import { WorkflowFailedError } from '@temporalio/client';
import { CancelledFailure } from '@temporalio/common';
import { after, before, beforeEach, describe, it } from 'mocha';
import type { RunSpec } from '../../core/spec.ts';
import type { Progress, RoundStatus, RunStatus } from '../../core/status.ts';
import { pause, resume } from '../../workflows/messages.ts';
import { lookUntil } from '../support/lookUntil.ts';
import { failedFor, writeTask } from '../support/stack.ts';
import { useBench, useTemporal } from '../support/suite.ts';
import { untilPending } from './support.ts';

describe('a run under way', () => {
  const temporal = useTemporal();
  const bench = useBench('test', { latencyMs: 20 });
  let spec: RunSpec;

  beforeEach(async () => {
    const sizes = { labelled: 10, unlabelled: 60, test: 10 };
    spec = await writeTask(bench.folder, `control-${Date.now()}`, sizes);
  });

  it('opens no batch while paused, and goes on when resumed', async () => {
    const { provider } = bench;
    const worker = await bench.worker();
    await worker.runUntil(async () => {
      // Nothing is answered before all who ask have been told of the pause.
      const told = Promise.withResolvers<undefined>();
      provider.setFaults(({ kind }) => (kind === 'chat' ? told.promise : undefined));
      const run = await bench.start(spec);
      await provider.untilRequest({ kind: 'chat' });
      await run.signal(pause);
      const { paused, roundWorkflowId } = await run.query<{
        paused: boolean;
        roundWorkflowId: string;
      }>('status');
      assert.equal(paused, true);
      const propagate = temporal.client.workflow.getHandle(`${roundWorkflowId}/propagate`);
      await lookUntil(
        () => propagate.fetchHistory(),
        ({ events }) =>
          events!.some(
            (event) => event.workflowExecutionSignaledEventAttributes?.signalName === pause.name,
          ),
      );
      told.resolve(undefined);

      // The window's batches end; then nothing is under way but the pause.
      const idle = async () => {
        const { raw } = await propagate.describe();
        // Between two activities there is a workflow task.
        return (raw.pendingActivities ?? []).length === 0 && !raw.pendingWorkflowTask;
      };
      await lookUntil(idle, Boolean);
      const { done, total } = await propagate.query<Progress>('status');
      assert.ok(done > 0 && done < total, `${done} of ${total} answers are there`);
      const asked = provider.requests({ kind: 'chat' }).length;

      await run.signal(resume);
      const { totals } = await run.result();
      assert.equal(totals.finished, 1);
      assert.ok(provider.requests({ kind: 'chat' }).length > asked);
      assert.equal(provider.repeats('chat'), 0);
    });
  });

  it('goes on where nothing of its workflows is kept in memory, and tells what it left out', async () => {
    const changes = {
      collaborators: [
        { name: 'greedy', shots: 0 },
        { name: 'warm', shots: 0, temperature: 1 },
      ],
      evolve: { epochs: 1 },
    };
    const sizes = { labelled: 10, unlabelled: 60, test: 10 };
    const uncached = await writeTask(bench.folder, 'uncached', sizes, changes);
    const worker = await bench.worker({ maxCachedWorkflows: 0 });
    await worker.runUntil(async () => {
      const run = await bench.start(uncached);
      await bench.provider.untilRequest({ kind: 'chat' });
      await run.signal(pause);
      assert.equal((await run.query<RunStatus>('status')).paused, true);
      await run.signal(resume);
      // However fast: what is told last holds for all workflows of the run.
      for (const signal of [pause, resume, pause, resume]) await run.signal(signal);
      assert.equal((await run.result()).totals.finished, 1);
      const round = temporal.client.workflow.getHandle('uncached/round-1');
      const { phases } = await round.query<RoundStatus>('status');
      const left = phases.flatMap(({ name, state, reason }) =>
        state === 'done' ? [] : [[name, state, reason]],
      );
      assert.deepEqual(left, [
        ['embed', 'skipped', 'no collaborator is shown neighbours'],
        ['fold-1', 'skipped', 'nothing is cross-fitted'],
        ['fold-2', 'skipped', 'nothing is cross-fitted'],
        ['cross-fit', 'skipped', 'the spec says how disagreement is resolved'],
        ['held-out', 'skipped', 'no labelled examples are held out'],
        ['sft', 'skipped', 'the warm-up has learned from all labelled examples'],
        ['baseline', 'skipped', 'SFT of equal epochs has as many steps'],
      ]);
    });
    assert.equal(bench.provider.repeats('chat'), 0);
  });

  it('takes the job with it when it is cancelled', async () => {
    const { provider } = bench;
    provider.jobs.hold();
    const worker = await bench.worker();
    await worker.runUntil(async () => {
      const run = await bench.start(spec);
      await provider.untilRequest({ kind: 'poll' });
      await run.cancel();
      await assert.rejects(
        run.result(),
        (error) => error instanceof WorkflowFailedError && error.cause instanceof CancelledFailure,
      );
    });
    assert.deepEqual(
      provider.jobs.all().map((job) => job.status),
      ['cancelled'],
    );
  });

  it('ends with the reason when its job fails', async () => {
    const { provider } = bench;
    provider.jobs.hold();
    const worker = await bench.worker();
    await worker.runUntil(async () => {
      const run = await bench.start(spec);
      await provider.until(() => provider.jobs.all().length === 1);
      const error = { code: 'x', message: 'the loss went to NaN', param: null };
      provider.jobs.finish(provider.jobs.all()[0]!.id, { status: 'failed', error });
      const failure = await run.result().catch((reason: unknown) => reason);
      assert.ok(failedFor('JobFailed')(failure));
      assert.match(reasonOf(failure), /went to NaN/);
    });
    assert.equal(provider.requests({ kind: 'chat' }).length, 0);
  });
});

describe('a run that a workflow of a user starts', () => {
  const temporal = useTemporal();
  const bench = useBench('test');

  for (const [how, change] of [
    ['as it is written', { collaborators: undefined }],
    ['read in part', { batch: { size: 3 } }],
  ] as const)
    it(`ends at once where its spec is ${how}`, async () => {
      const sizes = { labelled: 6, unlabelled: 5, test: 5 };
      const spec = await writeTask(bench.folder, 'unread', sizes);
      const worker = await bench.worker();
      await worker.runUntil(async () => {
        const run = await temporal.client.workflow.start('evolve', {
          workflowId: `unread ${how}`,
          taskQueue: bench.config.temporal.taskQueue,
          args: [{ run: spec.name, spec: { ...spec, ...change } }],
        });
        await assert.rejects(run.result(), failedFor('SpecNotUnderstood'));
      });
    });
});

describe('a run that cannot start', () => {
  const temporal = useTemporal();
  const bench = useBench('test', {}, { apiKeyEnv: 'SEMIEVOL_TEST_KEY' });
  before(() => {
    process.env.SEMIEVOL_TEST_KEY = 'sk-wrong-0123456789';
  });
  after(() => {
    delete process.env.SEMIEVOL_TEST_KEY;
  });

  it('spends nothing with a wrong key, and says so', async () => {
    const { provider } = bench;
    const error = { message: 'Incorrect API key provided: sk-wrong-0123456789.' };
    provider.setFaults(() => ({ status: 401, body: { error } }));
    const spec = await writeTask(bench.folder, 'wrong-key', {
      labelled: 6,
      unlabelled: 5,
      test: 5,
    });
    const worker = await bench.worker();
    await worker.runUntil(async () => {
      const run = await bench.start(spec);
      const said = /answered 401.*"Incorrect API key provided: ….".*SEMIEVOL_TEST_KEY/;
      await untilPending(bench, spec.name, ({ trouble = '' }) => said.test(trouble));
      assert.deepEqual(
        [provider.requests({ kind: 'chat' }).length, provider.jobs.all().length],
        [0, 0],
      );
      await run.terminate();
    });
    const history = await temporal.client.workflow.getHandle(spec.name).fetchHistory();
    assert.doesNotMatch(JSON.stringify(history), /sk-wrong/);
  });

  it('spends nothing when a model is not there', async () => {
    const spec = await writeTask(bench.folder, 'no-model', undefined, {
      model: { name: 'nope' },
    });
    const failure = await bench.run(spec).catch((error: unknown) => error);
    assert.ok(failedFor('ModelNotFound')(failure));
    assert.match(reasonOf(failure), /answered 404 for model "nope".*; it has smollm2/);
    assert.equal(bench.provider.requests({ kind: 'upload' }).length, 0);
  });
});

/** The innermost message. */
function reasonOf(error: unknown): string {
  return error instanceof Error && error.cause instanceof Error
    ? reasonOf(error.cause)
    : String(error);
}
