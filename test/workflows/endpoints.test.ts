import assert from 'node:assert/strict';
import { beforeEach, describe, it } from 'mocha';
import type { RunView } from '../../client/runView.ts';
import { markdown } from '../../core/report/markdown.ts';
import { roundSections } from '../../core/report/round.ts';
import { usageOf } from '../../core/usage.ts';
import { lookUntil } from '../support/lookUntil.ts';
import { writeTask } from '../support/stack.ts';
import { useBench, useProvider, useTemporal } from '../support/suite.ts';

const POOL = 60;
const COLLABORATORS = [
  { name: 'tuned', shots: 0 },
  { name: 'hosted', shots: 3, endpoint: 'cloud', model: 'large' },
  { name: 'greedy', shots: 0, endpoint: 'lab', model: 'other' },
  { name: 'warm', shots: 0, endpoint: 'lab', model: 'other', temperature: 1, samples: 2 },
];

describe('collaborators at several endpoints', () => {
  const temporal = useTemporal();
  const bench = useBench('test');
  const cloud = useProvider('test', {
    ...{ models: ['large'], supportsN: false, logprobs: false },
    limits: { inFlight: 4, requestsPerSecond: 200 },
  });
  const lab = useProvider('test', { models: ['other'] });
  beforeEach(() => {
    bench.addEndpoint('cloud', cloud, { maxInFlight: 3 });
    bench.addEndpoint('lab', lab);
  });

  /** How many questions of a stage a provider has answered; what it was only tried by does not count. */
  const answered = ({ provider }: { provider: typeof lab }, model: RegExp) =>
    provider
      .requests({ kind: 'chat', status: 200 })
      .filter((one) => model.test(one.model ?? '') && one.body.max_tokens === 16).length;
  const all = (answers: number) => answers >= POOL;
  const ofLab = () => answered({ provider: lab }, /other/);

  async function until(run: string, isAsExpected: (view: RunView) => boolean): Promise<RunView> {
    return lookUntil(() => bench.client.get(run).status(), isAsExpected);
  }
  async function untilPage(workflowId: string, ...lines: RegExp[]): Promise<void> {
    const page = async () => {
      const { currentDetails } = await temporal.client.workflow
        .getHandle(workflowId)
        .query<{ currentDetails?: string }>('__temporal_workflow_metadata');
      return currentDetails ?? '';
    };
    await lookUntil(page, (seen) => lines.every((line) => line.test(seen)));
  }

  it('go on while one of these is away, which is told, and all of them end', async () => {
    const sizes = { labelled: 20, unlabelled: POOL, test: 10 };
    const spec = await writeTask(bench.folder, 'apart', sizes, {
      collaborators: COLLABORATORS,
      justification: { endpoint: 'cloud', model: 'large', maxTokens: 20 },
    });
    let isAway = false;
    lab.setFaults(() => {
      isAway ||= ofLab() >= 15;
      return isAway ? { status: 503 } : undefined;
    });
    const worker = await bench.worker();
    await worker.runUntil(async () => {
      const run = await bench.start(spec);
      await bench.provider.until(() => all(answered(bench, /^ft:/)));
      await cloud.until(() => all(answered({ provider: cloud }, /large/)));
      const away = await until('apart', ({ phases }) => phases.some(({ trouble }) => trouble));
      const [trouble] = away.phases.flatMap((phase) => phase.trouble ?? []);
      assert.match(trouble!, /^endpoint "lab" answered 503.*; held back since .* next at [^\n]+$/);
      await untilPage(
        'apart/round-1/propagate',
        /⚠ endpoint "lab"/,
        /answered at local: \| 60 of 60/,
        /answered at cloud: \| 60 of 60/,
        /answered at lab: \| \d0? of 60/,
      );
      assert.ok(ofLab() < 2 * POOL);

      isAway = false;
      lab.setFaults(undefined);
      await run.result();
    });
    const [report] = await bench.reports('apart');
    assert.deepEqual(
      report!.answers.slice(0, 4).map((one) => [one.collaborator, one.answers, one.withoutEntropy]),
      [
        ['tuned', 60, 0],
        ['hosted', 60, 60],
        ['greedy', 60, 0],
        ['warm', 120, 0],
      ],
    );
    const { warmUp } = report!.models;
    assert.deepEqual(
      report!.usage
        .filter(({ phase }) => phase === 'collaborate')
        .map(({ endpoint, model, requests }) => [endpoint, model, requests])
        .sort(),
      [
        ['cloud', 'large', 60],
        ['lab', 'other', 120],
        ['local', warmUp, 60],
      ],
    );
    for (const provider of [bench.provider, cloud, lab]) assert.equal(provider.repeats('chat'), 0);
  });

  it('are gone on without where the spec says so, and the report tells', async () => {
    const sizes = { labelled: 20, unlabelled: POOL, test: 10 };
    const spec = await writeTask(bench.folder, 'without', sizes, {
      collaborators: COLLABORATORS.map((one) =>
        one.endpoint === 'lab' ? { ...one, goOnAfterMinutes: 0.01 } : one,
      ),
    });
    let isAway = false;
    lab.setFaults(() => {
      isAway ||= ofLab() >= 15;
      return isAway ? { status: 503 } : undefined;
    });
    await bench.run(spec);
    const [report] = await bench.reports('without');
    const [tuned, hosted, greedy, warm] = report!.answers;
    assert.deepEqual([tuned!.away, hosted!.away], [0, 0]);
    assert.ok(greedy!.away + warm!.away > 0);
    assert.deepEqual([greedy!.answers + greedy!.away, warm!.answers + warm!.away], [60, 120]);
    assert.match(
      markdown(roundSections(report!)),
      /warm was away for too long for \d+ of 120 answers: the other collaborators went on/,
    );
  });

  it('part by no more than an execution works through, and nothing is asked twice', async () => {
    const sizes = { labelled: 10, unlabelled: 45, test: 10 };
    const spec = await writeTask(bench.folder, 'bounded', sizes, {
      collaborators: [COLLABORATORS[0], COLLABORATORS[2]],
      batch: { size: 1, window: 4 },
    });
    let isAway = true;
    lab.setFaults(({ body }) => (isAway && body?.max_tokens === 16 ? { status: 503 } : undefined));
    const worker = await bench.worker();
    await worker.runUntil(async () => {
      const run = await bench.start(spec);
      const propagate = temporal.client.workflow.getHandle('bounded/round-1/propagate');
      await bench.provider.until(() => answered(bench, /^ft:/) === 40);
      await lookUntil(
        () => propagate.describe(),
        ({ raw }) => raw.pendingActivities?.length === 4 && !raw.pendingWorkflowTask,
      );
      assert.equal(answered(bench, /^ft:/), 40);
      isAway = false;
      await run.result();
    });
    const [report] = await bench.reports('bounded');
    assert.equal(usageOf(report!.usage, 'collaborate').requests, 2 * 45);
    for (const provider of [bench.provider, lab]) assert.equal(provider.repeats('chat'), 0);
  });
});
