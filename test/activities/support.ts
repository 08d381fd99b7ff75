import { MockActivityEnvironment } from '@temporalio/testing';
import { DefaultLogger } from '@temporalio/worker';
import type { Dependencies } from '../../activities/dependencies.ts';
import type { Elsewhere } from '../../activities/elsewhere.ts';
import type { UploadedFile } from '../../activities/fineTune.ts';
import { type Activities, createActivities } from '../../activities/index.ts';
import type { Selection } from '../../activities/select.ts';
import { builtIn, type Registry } from '../../core/registry.ts';
import type { Split, StoredExample } from '../../core/types.ts';
import { announceConfig } from '../../providers/announcing.ts';
import { endpointConfig } from '../../providers/config.ts';
import { Endpoints } from '../../providers/endpoint.ts';
import { Trainers } from '../../providers/trainers/index.ts';
import type { RunTables } from '../../store/run.ts';
import type { Store } from '../../store/store.ts';
import { goldAnswer } from '../../testing/model.ts';
import { type Provider, type ProviderOptions, startProvider } from '../../testing/provider.ts';
import { LABELS } from '../../testing/task.ts';
import { temporaryStore, writeDataset } from '../store/support.ts';

export const MODEL = 'smollm2-135m-instruct';
export const RUN = 'the-run';
/** Names the only round of the tests. */
export const ref = { run: RUN, round: 1, dataset: 'the-data' };
export const models = { base: MODEL, 'warm-up': MODEL };

export interface SetUp {
  spec?: object;
  endpoint?: object;
  provider?: ProviderOptions;
  /** Another endpoint, "elsewhere", with a provider of its own. */
  elsewhere?: { endpoint?: object; provider?: ProviderOptions };
  examples?: StoredExample[];
  /** With kinds of a test's own. */
  registry?: Registry;
  trainingFolders?: string[];
}

/** The activities over a real store and the stand-in provider. */
export interface Laboratory {
  provider: Provider;
  /** The provider of the other endpoint. */
  elsewhere?: Provider;
  store: Store;
  endpoints: Endpoints;
  activities: Activities;
  tables: RunTables;
  close(): Promise<void>;
}

export async function openLaboratory(setUp: SetUp): Promise<Laboratory> {
  const { spec, endpoint, examples, registry = builtIn } = setUp;
  const provider = await startProvider(setUp.provider);
  const elsewhere = setUp.elsewhere && (await startProvider(setUp.elsewhere.provider));
  const { store, remove } = await temporaryStore();
  const configOf = ({ baseURL }: Provider, more: object = {}) =>
    endpointConfig.parse({ baseURL, finalAfterSeconds: 0.5, ...more });
  const endpoints = new Endpoints({
    local: configOf(provider, endpoint),
    ...(elsewhere && { elsewhere: configOf(elsewhere, setUp.elsewhere?.endpoint) }),
  });
  await store.specs.add(
    RUN,
    registry.runSpec.parse({
      name: RUN,
      task: { type: 'classification', labels: LABELS },
      data: { labelled: 'l.jsonl', unlabelled: 'u.jsonl', test: 't.jsonl' },
      ...spec,
    }),
  );
  await writeDataset(store, ref.dataset, examples ?? pool('unlabelled', 20));
  return {
    provider,
    ...(elsewhere && { elsewhere }),
    store,
    endpoints,
    activities: activitiesOver({ store, endpoints, registry }, setUp.trainingFolders),
    tables: await store.run(RUN, ref.dataset),
    close: async () => {
      await provider.close();
      await elsewhere?.close();
      await remove();
    },
  };
}

function activitiesOver(
  given: Pick<Dependencies, 'store' | 'endpoints' | 'registry'>,
  trainingFolders: string[] = [],
) {
  return createActivities({
    ...{ ...given, trainers: new Trainers(), shutdownGraceMs: 500 },
    trainingFolders,
    announce: announceConfig.parse({}),
  });
}

/** The activities of another process over the same store, which has learned nothing yet. */
export function anotherWorker({ store, endpoints }: Laboratory): Activities {
  const fresh = new Endpoints({ local: endpoints.get('local').config });
  return activitiesOver({ store, endpoints: fresh, registry: builtIn });
}

/** An activity's surroundings; failures that tests bring about are not printed. */
export function environment(attempt = 1, heartbeatDetails?: unknown): MockActivityEnvironment {
  return new MockActivityEnvironment(
    { attempt, heartbeatDetails },
    { logger: new DefaultLogger('ERROR') },
  );
}

/** Runs an activity as a worker would; each call is an attempt of its own. */
export function attempt<I, O>(
  activity: (input: I) => Promise<O>,
  input: I,
  number = 1,
): Promise<O> {
  return environment(number).run(activity, input);
}

/** Examples of a split, with the answers the stand-in takes for right. */
export function pool(split: Split, count: number, more: Partial<StoredExample> = {}) {
  return Array.from({ length: count }, (_, ordinal) => one(split, ordinal, more));
}

export function one(split: Split, ordinal: number, more: Partial<StoredExample> = {}) {
  const question = `${split} question ${ordinal}`;
  const id = Buffer.from(`${split} ${ordinal}`.padEnd(32)).toString('hex');
  return { id, split, ordinal, question, answer: goldAnswer(question, LABELS), ...more };
}

/** Of a selection that a rule alone made. */
export const steps = (asked: number, kept: number): Selection['steps'] => ({
  ...{
    asked,
    kept,
    nearDuplicates: 0,
    by: 'rule',
    short: 0,
    balance: 'none',
    keptRows: 0,
    rows: kept,
  },
});

/** What was uploaded, by the worker that was asked. */
export function uploaded(answer: UploadedFile | Elsewhere): UploadedFile {
  if ('taskQueue' in answer) throw new Error(`uploaded on ${answer.taskQueue}`);
  return answer;
}
