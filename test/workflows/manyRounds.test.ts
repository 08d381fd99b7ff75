import assert from 'node:assert/strict';
import { fileURLToPath } from 'node:url';
import { Worker } from '@temporalio/worker';
import { before, describe, it } from 'mocha';
import type { Crowned, CrownInput } from '../../activities/crown.ts';
import { type RunState, stateNumber } from '../../core/living/runState.ts';
import { runSpec } from '../../core/registry.ts';
import type { RunStatus } from '../../core/status.ts';
import { LABELS } from '../../testing/task.ts';
import { useTemporal } from '../support/suite.ts';

const ROUNDS = 12;
const RUN = 'many-rounds';

describe('a run of many rounds', () => {
  const temporal = useTemporal();
  let status: RunStatus;
  let ingested = 0;
  const crowned: string[] = [];
  const kept: number[] = [];

  before(async () => {
    const worker = await Worker.create({
      connection: temporal.nativeConnection,
      taskQueue: 'rounds',
      workflowsPath: fileURLToPath(new URL('./rounds/workflows.ts', import.meta.url)),
      activities: {
        'semievol.checkModels': async () => {},
        'semievol.openRun': async () => {},
        'semievol.keepState': async ({ state }: { state: RunState }) => {
          kept.push(stateNumber(state));
        },
        'semievol.lastState': async () => null,
        'semievol.crown': async ({ run, promotion }: CrownInput): Promise<Crowned> => {
          crowned.push(promotion.model);
          const announcement = { ...promotion, run, at: '', endpoint: 'local', alias: null };
          return { announcement, champion: { model: promotion.model, changes: promotion.number } };
        },
        'semievol.knownSearchAttributes': async () => [],
        'semievol.ingest': async () => {
          ingested++;
          return { dataset: 'data', counts: { labelled: 10, unlabelled: 10, test: 10 } };
        },
      },
    });
    const spec = runSpec.parse({
      name: RUN,
      task: { type: 'classification', labels: LABELS },
      data: { labelled: 'l.csv', unlabelled: 'u.csv', test: 't.csv' },
      rounds: ROUNDS,
    });
    const options = { workflowId: RUN, taskQueue: 'rounds', args: [{ run: RUN, spec }] };
    status = await worker.runUntil(temporal.client.workflow.execute('evolve', options));
  });

  it('remembers the last of them, and the totals of all', () => {
    assert.deepEqual(status.totals, { finished: ROUNDS, promoted: ROUNDS / 2 });
    assert.deepEqual(
      status.latest.map(({ round, champion, promoted }) => [round, champion, promoted]),
      [
        [8, 'model-7', false],
        [9, 'model-9', true],
        [10, 'model-9', false],
        [11, 'model-11', true],
        [12, 'model-11', false],
      ],
    );
  });

  it('records each champion once, and the model that it begins with', () => {
    assert.deepEqual(crowned, [
      'smollm2-135m-instruct',
      ...[1, 3, 5, 7, 9, 11].map((round) => `model-${round}`),
    ]);
  });

  it('keeps each state under a greater number, before a round and after it', () => {
    assert.equal(kept.length, 2 * ROUNDS);
    assert.ok(kept.every((number, index) => index === 0 || number > kept[index - 1]!));
  });

  it('reads its data once', () => {
    assert.equal(ingested, 1);
  });

  it('carries no more in the last round than in those before, and says which data it is', async () => {
    const { workflow } = temporal.client;
    const sizes: number[] = [];
    // Each execution names the one that it continues; searches may not know the last ones yet.
    for (let runId: string | undefined; ; ) {
      const { events } = await workflow.getHandle(RUN, runId).fetchHistory();
      const started = events![0]!.workflowExecutionStartedEventAttributes!;
      if (!started.continuedExecutionRunId) break;
      sizes.push(started.input!.payloads![0]!.data!.length);
      runId = started.continuedExecutionRunId;
    }
    assert.equal(sizes.length, ROUNDS - 1);
    assert.ok(Math.max(...sizes) < 2_500, `${Math.max(...sizes)} bytes`);
    const { memo } = await workflow.getHandle(RUN).describe();
    assert.equal(memo?.dataset, 'data');
  });
});
