import assert from 'node:assert/strict';
import { fileURLToPath } from 'node:url';
import { Worker } from '@temporalio/worker';
import { describe, it } from 'mocha';
import { EXIT_CODE, exitCodeOf } from '../../cli/errors.ts';
import { phaseLine, stuckLine } from '../../cli/progress.ts';
import { RunFailed } from '../../client/errors.ts';
import { type RunView, withProgress } from '../../client/runView.ts';
import type { PhaseStatus } from '../../core/status.ts';
import { lookUntil } from '../support/lookUntil.ts';
import { writeTask } from '../support/stack.ts';
import { useBench, useTemporal } from '../support/suite.ts';

const CHAT = '/chat/completions';

describe('the view of a run', () => {
  const bench = useBench('test');
  const temporal = useTemporal();

  async function until(run: string, isSeen: (view: RunView) => boolean): Promise<RunView> {
    return lookUntil(() => bench.client.get(run).status(), isSeen);
  }

  it('tells of a workflow whose code fails, with the reason and the remedy', async () => {
    const spec = await writeTask(bench.folder, 'broken-build');
    const worker = await Worker.create({
      connection: temporal.nativeConnection,
      taskQueue: bench.config.temporal.taskQueue,
      workflowsPath: fileURLToPath(new URL('./workflows/broken.ts', import.meta.url)),
    });
    await worker.runUntil(async () => {
      const handle = await bench.start(spec);
      const { state, stuck } = await until(spec.name, (view) => view.stuck !== undefined);
      assert.equal(state, 'running');
      const line = stuckLine(stuck!);
      assert.match(
        line,
        /^workflow broken-build fails again and again \(attempt \d+\): this build/,
      );
      assert.match(line, /start workers without this fault/);
      assert.doesNotMatch(line, /\p{Cc}/u);
      await handle.terminate();
    });
  });

  it('shows what an endpoint holds back, and the run goes on by itself when it is mended', async () => {
    const { provider } = bench;
    const spec = await writeTask(bench.folder, 'no-money');
    const body = { error: { message: 'Insufficient Balance', type: 'billing' } };
    provider.setFaults(({ path }) =>
      path === CHAT && provider.jobs.all().length > 0 ? { status: 402, body } : undefined,
    );
    const worker = await bench.worker();
    await worker.runUntil(async () => {
      const handle = await bench.start(spec);
      const { phases } = await until(spec.name, (view) =>
        view.phases.some(({ trouble }) => trouble?.includes('402')),
      );
      const held = phases.find(({ trouble }) => trouble !== undefined)!;
      assert.match(phaseLine(held), /endpoint "local" answered 402.*top up.*held back since/);
      provider.setFaults(undefined);
      assert.equal((await handle.result()).totals.finished, 1);
    });
  });

  it('takes the end of a worker for an interruption, and says so until it goes on', async () => {
    const { provider } = bench;
    const spec = await writeTask(bench.folder, 'interrupted', undefined, { maxTokens: 8 });
    const hanging = new Promise<void>((resolve) => {
      provider.setFaults(({ path, body }) => {
        // Not of what only tries whether a model is there.
        if (path !== CHAT || body?.max_tokens !== spec.maxTokens) return undefined;
        resolve();
        return 'hang';
      });
    });
    const first = await bench.worker();
    const running = first.run();
    const handle = await bench.start(spec);
    await hanging;
    first.shutdown();
    await running;
    const troublesIn = ({ phases }: RunView) => phases.flatMap(({ trouble }) => trouble ?? []);
    const view = await until(spec.name, (view) => troublesIn(view).length > 0);
    assert.deepEqual(troublesIn(view), ['taken up again after an interruption']);
    const second = await bench.worker();
    await second.runUntil(async () => {
      await until(spec.name, (view) => troublesIn(view).length === 0);
      await handle.cancel();
      await handle.result().catch(() => undefined);
    });
  });
});

describe('the line of a phase', () => {
  const phase: PhaseStatus = {
    ...{ name: 'propagate', state: 'running', done: 0, total: 40, unit: 'examples' },
  };
  const held = 'endpoint "gpu" answered 402 since 12:03: top up; looked at every 30 s';

  it('says first what holds it up, then what activities say, each once, then amounts and what has ended', () => {
    const asking = { done: 3, total: 30, unit: 'answers' };
    const view = withProgress(
      phase,
      { done: 10, total: 40, unit: 'examples', note: '2 justified' },
      {
        progress: [asking, { ...asking, note: 'queued' }, { ...asking, note: 'queued' }],
        trouble: held,
      },
    );
    assert.equal(view.done, 10);
    assert.equal(
      view.note,
      `${held}, queued, 3/30 answers, 3/30 answers, 3/30 answers, 2 justified`,
    );
    assert.match(
      phaseLine(view),
      /^propagate +running +10\/40 examples +endpoint "gpu" answered 402/,
    );
  });

  it('tells of a phase that is left out why, and no numbers', () => {
    const phase: PhaseStatus = {
      ...{ name: 'cross-fit', state: 'skipped', done: 0, total: 80, unit: 'examples' },
      reason: 'one collaborator cannot disagree',
    };
    assert.equal(phaseLine(phase), 'cross-fit   skipped  one collaborator cannot disagree');
  });

  it('shows escapes of the terminal as codes', () => {
    const progress = [{ done: 0, total: 0, unit: 'steps', note: '\u001b]0;owned\u0007' }];
    const line = phaseLine(withProgress(phase, undefined, { progress }));
    assert.match(line, /\\u\{1b\}\]0;owned\\u\{7\}$/);
    assert.doesNotMatch(line, /\p{Cc}/u);
  });
});

describe('the outcome of a run', () => {
  const errorOf = (said: string, type?: string) =>
    new RunFailed('r', { state: 'failed', type, messages: [said] });

  it('says that it goes on where it is started again, if that would help', () => {
    const error = errorOf('the loss went to NaN', 'JobFailed');
    const { message } = error;
    assert.match(message, /^run "r" failed: the loss went to NaN\nstarted again, it goes on/);
    assert.equal(exitCodeOf(error), EXIT_CODE.failed);
  });

  it('does not say so of what would come again', () => {
    const error = errorOf('nothing read: raise maxTokens', 'NothingRead');
    const { message } = error;
    assert.equal(message, 'run "r" failed: nothing read: raise maxTokens');
    assert.equal(exitCodeOf(error), EXIT_CODE.failed);
  });

  it('blames the input for what is wrong with it, by its exit code', () => {
    for (const type of ['DataError', 'SpecChanged', 'ModelNotFound']) {
      const error = errorOf('mend it', type);
      const { message } = error;
      assert.doesNotMatch(message, /again/);
      assert.equal(exitCodeOf(error), EXIT_CODE.badInput);
    }
  });
});
