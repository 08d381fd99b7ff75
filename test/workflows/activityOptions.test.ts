import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { writeTask } from '../support/stack.ts';
import { useBench, useTemporal } from '../support/suite.ts';

describe('options of activities', () => {
  const temporal = useTemporal();
  const bench = useBench('suite');

  /** The activities that a workflow has scheduled, each with its summary. */
  async function scheduledBy(workflowId: string) {
    const { events } = await temporal.client.workflow.getHandle(workflowId).fetchHistory();
    return events!.flatMap(({ activityTaskScheduledEventAttributes: scheduled, userMetadata }) =>
      scheduled
        ? {
            name: scheduled.activityType!.name!,
            taskQueue: scheduled.taskQueue!.name!,
            attempts: scheduled.retryPolicy!.maximumAttempts,
            seconds: Number(scheduled.startToCloseTimeout!.seconds),
            summary: JSON.parse(Buffer.from(userMetadata!.summary!.data!).toString()) as string,
          }
        : [],
    );
  }

  it('reach every workflow of a run: heavy work is done by the workers of another task queue', async () => {
    const sizes = { labelled: 10, unlabelled: 20, test: 10 };
    const spec = await writeTask(bench.folder, 'elsewhere', sizes);
    const usual = await bench.worker();
    const heavy = await bench.worker({ taskQueue: 'heavy' });
    await usual.runUntil(
      heavy.runUntil(async () => {
        const run = await bench.start(spec, {
          all: { retry: { maximumAttempts: 9 } },
          collaborate: { taskQueue: 'heavy', startToCloseTimeout: '4 hours' },
        });
        await run.result();
      }),
    );
    const workflows = [
      '',
      '/round-1',
      '/round-1/warm-up',
      '/round-1/propagate',
      '/round-1/evaluate',
    ];
    const all = await Promise.all(workflows.map((id) => scheduledBy(`elsewhere${id}`)));
    for (const { name, taskQueue, seconds, attempts } of all.flat()) {
      const isHeavy = name === 'semievol.collaborate';
      assert.equal(taskQueue, isHeavy ? 'heavy' : bench.config.temporal.taskQueue);
      if (isHeavy) assert.equal(seconds, 4 * 3_600);
      assert.equal(attempts, 9);
    }
    const summaries = all.flat().map(({ summary }) => summary);
    for (const start of [
      'collaborate 10–20 at local',
      'waiting for job ftjob-',
      'evaluate 0–10 of semievol',
    ])
      assert.ok(
        summaries.some((one) => one.startsWith(start)),
        summaries.join('; '),
      );
  });
});
