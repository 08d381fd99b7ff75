import assert from 'node:assert/strict';
import { fileURLToPath } from 'node:url';
import { describe, it } from 'mocha';
import { SemiEvolPlugin, WORKFLOWS_PATH } from '../../workers/plugin.ts';
import { lookUntil } from '../support/lookUntil.ts';
import { writeTask } from '../support/stack.ts';
import { useBench, useOwnTemporal } from '../support/suite.ts';

const NEXT_BUILD = fileURLToPath(new URL('./own/nextBuild.ts', import.meta.url));

describe('a deploy in the middle of a run', () => {
  const temporal = useOwnTemporal('suite');
  const bench = useBench('suite', { holdJobs: true }, {}, temporal);

  async function startBuild(buildId: string, workflows: string): Promise<void> {
    const worker = { ...bench.config.worker, deployment: { name: 'semievol', buildId } };
    await bench.startWorker({
      workflowsPath: workflows,
      identity: buildId,
      plugins: [new SemiEvolPlugin({ ...bench.config, worker })],
    });
  }

  /** As `temporal worker deployment set-current-version` does, once the build's worker polls. */
  async function makeCurrent(buildId: string): Promise<void> {
    const { workflowService, options } = temporal.client;
    const { namespace } = options;
    const isCurrent = () =>
      workflowService
        .setWorkerDeploymentCurrentVersion({ namespace, deploymentName: 'semievol', buildId })
        .then(
          () => true,
          () => false,
        );
    await lookUntil(isCurrent, Boolean);
  }

  const handleOf = (workflowId: string, runId?: string) =>
    temporal.client.workflow.getHandle(workflowId, runId);

  /** The builds that did a workflow's tasks and activities. */
  async function buildsOf(workflowId: string, runId?: string): Promise<string[]> {
    const { events } = await handleOf(workflowId, runId).fetchHistory();
    const identities = events!.flatMap(
      (event) =>
        (event.workflowTaskCompletedEventAttributes ?? event.activityTaskStartedEventAttributes)
          ?.identity ?? [],
    );
    return [...new Set(identities)];
  }
  async function buildsOfRound(round: number): Promise<string[]> {
    const id = `deployed/round-${round}`;
    const children = ['warm-up', 'propagate', 'fine-tune', 'evaluate'];
    const ids = [id, ...children.map((child) => `${id}/${child}`)];
    return [...new Set((await Promise.all(ids.map((one) => buildsOf(one)))).flat())];
  }
  const timersOfRound = async (round: number) =>
    (await handleOf(`deployed/round-${round}`).fetchHistory()).events!.filter(
      (event) => event.timerStartedEventAttributes,
    ).length;

  it('leaves the round under way to its build; the next takes the new one', async () => {
    const { provider } = bench;
    const sizes = { labelled: 10, unlabelled: 41, test: 4 };
    const spec = await writeTask(bench.folder, 'deployed', sizes, {
      rounds: 2,
      // More batches than one execution of `propagate` has: continued as new it stays on its build.
      batch: { size: 1, window: 4 },
    });
    await startBuild('build-1', WORKFLOWS_PATH);
    await makeCurrent('build-1');
    const run = await bench.start(spec);
    await provider.until(() => provider.jobs.all().length > 0);

    await startBuild('build-2', NEXT_BUILD);
    await makeCurrent('build-2');
    provider.jobs.release();
    const { totals } = await run.result();
    assert.equal(totals.finished, 2);

    assert.deepEqual(await buildsOf('deployed', run.firstExecutionRunId), ['build-1']);
    assert.deepEqual(await buildsOfRound(1), ['build-1']);
    const propagate = await handleOf('deployed/round-1/propagate').describe();
    assert.notEqual(propagate.runId, propagate.raw.workflowExecutionInfo!.firstRunId);

    assert.deepEqual(await buildsOf('deployed'), ['build-2']);
    assert.deepEqual(await buildsOfRound(2), ['build-2']);
    assert.deepEqual([await timersOfRound(1), await timersOfRound(2)], [0, 1]);
  });

  it('takes the new build when it comes while a run waits for its next round', async () => {
    const sizes = { labelled: 10, unlabelled: 10, test: 4 };
    const fields = { rounds: 2, next: {} };
    const spec = await writeTask(bench.folder, 'waiting', sizes, fields);
    await startBuild('build-3', WORKFLOWS_PATH);
    await makeCurrent('build-3');
    const handle = await bench.start(spec);
    const run = bench.client.get(spec.name);
    for await (const { status } of run.follow()) if (status?.waitsFor) break;

    await startBuild('build-4', NEXT_BUILD);
    await makeCurrent('build-4');
    // The queues hear of it some time later, and the run with a task that comes after that.
    const buildsNow = async () => {
      await run.resume();
      return buildsOf(spec.name);
    };
    await lookUntil(buildsNow, (builds) => builds.includes('build-4'));
    await run.next();
    await handle.result();
    assert.deepEqual(await buildsOf('waiting/round-1'), ['build-3']);
    assert.deepEqual(await buildsOf('waiting/round-2'), ['build-4']);
  });
});
