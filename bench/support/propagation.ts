import { MockActivityEnvironment } from '@temporalio/testing';
import type { RoundRef } from '../../activities/dependencies.ts';
import { createActivities } from '../../activities/index.ts';
import { planOf } from '../../core/plan.ts';
import { builtIn } from '../../core/registry.ts';
import type { RunSpec } from '../../core/spec.ts';
import { NOTHING_SPENT } from '../../core/spent.ts';
import type { OrdinalRange } from '../../core/types.ts';
import { announceConfig } from '../../providers/announcing.ts';
import { Endpoints } from '../../providers/endpoint.ts';
import { Trainers } from '../../providers/trainers/index.ts';
import { openStore } from '../../store/store.ts';
import type { propagate } from '../../workflows/index.ts';
import type { Stack } from './stack.ts';

/** Brings a run to where its first round can propagate, without the warm-up. */
export async function prepareRound(stack: Stack, spec: RunSpec): Promise<RoundRef> {
  const config = stack.config({ maxInFlight: 64 });
  const store = await openStore(config.store);
  const endpoints = new Endpoints(config.endpoints);
  const activities = createActivities({
    store,
    endpoints,
    shutdownGraceMs: 0,
    trainers: new Trainers(),
    trainingFolders: [],
    announce: announceConfig.parse({}),
    registry: builtIn,
  });
  const call = <I, O>(activity: (input: I) => Promise<O>, input: I): Promise<O> =>
    new MockActivityEnvironment().run(activity, input);
  try {
    const { dataset, counts } = await call(activities.ingest, spec);
    await call(activities.openRun, { run: spec.name, spec, dataset });
    const ref = { run: spec.name, round: 1, dataset };
    const range = { from: 0, to: counts.labelled };
    await call(activities.embed, { ...ref, split: 'labelled', range });
    await call(activities.prepareSearch, ref);
    return ref;
  } finally {
    store.close();
  }
}

/** Propagates to the unlabelled examples of a range that begins with a batch. */
export async function propagateTo(
  stack: Stack,
  ref: RoundRef,
  spec: RunSpec,
  { from, to }: OrdinalRange,
): Promise<void> {
  const base = spec.model.name;
  const { needs, answers, hasFree, endpoints } = planOf(spec);
  await stack.client.workflow.execute<typeof propagate>('propagate', {
    workflowId: `propagate-${from}`,
    taskQueue: stack.config().temporal.taskQueue,
    args: [
      {
        ...{ ref, pass: 'propagate' },
        models: { base, 'warm-up': base },
        way: 'justify',
        fanOut: { ...spec.batch, total: to, from: 0 },
        ...{ needs, answers, hasFree, endpoints },
        paused: false,
        setting: {},
        soFar: {
          ...{ done: 0, answers: 0, agreed: 0, disagreed: 0, spent: NOTHING_SPENT },
          ...{ compacted: from, next: [from / spec.batch.size] },
        },
      },
    ],
  });
}
