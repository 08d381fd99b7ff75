import { mkdir, readdir, rm, utimes, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { WorkflowHandle } from '@temporalio/client';
import { historyToJSON } from '@temporalio/common/lib/proto-utils.js';
import { Azure, TOKEN } from '../test/support/azure/azure.ts';
import { Bench, startTemporal, writeTask } from '../test/support/stack.ts';
import { JOBS, jobOf, jobsOf, startFineTune, untilPolled } from '../test/workflows/support.ts';
import type { Fault } from '../testing/faults.ts';
import { type Provider, startProvider } from '../testing/provider.ts';
import type { JournalEntry } from '../testing/requests.ts';
import { pause, resume } from '../workflows/messages.ts';

/**
 * Records histories of every workflow for test/workflows/replay.test.ts, each named by the version,
 * the workflow and how it ended: `npm run record-histories`. Those of earlier versions stay, and
 * must go on replaying.
 */
const { default: project } = await import('../package.json', { with: { type: 'json' } });
const FOLDER = new URL('../test/fixtures/histories/', import.meta.url);

/** Who recorded it, and where, is nobody's business. */
const HIDDEN = new Set(['identity', 'stackTrace']);

/** Two batches each; quick, and more than one lane of the window. */
const FEW = { labelled: 10, unlabelled: 20, test: 20 };
/** One batch more than an execution of `propagate` and `evaluate` works through. */
const MANY = { labelled: 10, unlabelled: 41, test: 41 };
const ONE_BY_ONE = {
  batch: { size: 1, window: 4 },
  collaborators: [{ name: 'plain', shots: 0 }],
};

const temporal = await startTemporal();

async function save(name: string, workflowId: string, runId?: string): Promise<void> {
  const history = await temporal.client.workflow.getHandle(workflowId, runId).fetchHistory();
  const { events } = JSON.parse(historyToJSON(history), (key, value) =>
    HIDDEN.has(key) ? undefined : value,
  ) as { events: object[] };
  const lines = events.map((event) => JSON.stringify(event)).join(',\n');
  await writeFile(
    new URL(`${project.version}-${name}.json`, FOLDER),
    `{"events":[\n${lines}\n]}\n`,
  );
}

async function firstRunOf(workflowId: string): Promise<string> {
  const { raw } = await temporal.client.workflow.getHandle(workflowId).describe();
  return raw.workflowExecutionInfo!.firstRunId!;
}

/** What each is recorded with. */
interface Stage {
  bench: Bench;
  start(run: string, sizes?: typeof FEW, changes?: object): ReturnType<Bench['start']>;
}

async function withStage(
  endpoint: object,
  record: (stage: Stage) => Promise<void>,
  provider?: Provider,
): Promise<void> {
  const standIn = provider ?? (await startProvider({ latencyMs: 5 }));
  const bench = await Bench.open(temporal, standIn, endpoint);
  bench.config.temporal.taskQueue = 'semievol';
  bench.config.announce = { activity: { name: 'deploy' } };
  await bench.startWorker({ activities: { deploy: async () => {} } });
  const start: Stage['start'] = async (run, sizes = FEW, changes = {}) =>
    bench.start(await writeTask(bench.folder, run, sizes, changes));
  try {
    await record({ bench, start });
  } finally {
    await bench.close();
  }
}

/** Two rounds, paused for a moment. */
async function finished({ bench, start }: Stage): Promise<void> {
  bench.provider.jobs.hold();
  const run = await start('finished', FEW, { rounds: 2 });
  await jobOf(bench, 'finished');
  await run.signal(pause);
  await run.signal(resume);
  bench.provider.jobs.release();
  await run.result();
  await save('evolve-continued', 'finished', run.firstExecutionRunId);
  await save('evolve-finished', 'finished');
  await save('round-finished', 'finished/round-1');
  await save('fineTune-finished', 'finished/round-1/warm-up');
  await save('propagate-finished', 'finished/round-1/propagate');
  await save('evaluate-finished', 'finished/round-1/evaluate');
}

/** A run that waits: for a person's word, for reviews, for data and for somebody who calls its next round. */
async function lived({ bench, start }: Stage): Promise<void> {
  const gate = { approval: 'person' };
  const review = { size: 5, waitHours: 1 };
  const started = await start('lived', FEW, { rounds: 2, next: {}, gate, review });
  const run = bench.client.get('lived');
  const signed = { name: 'an operator', reason: 'for the record' };
  for await (const { status } of run.follow()) {
    if (status?.pending) await run.decide({ round: 1, approve: true, ...signed });
    if (status?.totals.finished === 1 && status.waitsFor) break;
  }
  const lease = await run.lease({ reviewer: 'an operator', count: 2 });
  await run.lease({ reviewer: 'an operator', count: 1, through: lease });
  await writeFile(`${bench.folder}/more.jsonl`, '{"question":"the thing that came late"}\n');
  await run.add({ unlabelled: ['more.jsonl'], folder: bench.folder });
  await collected(bench);
  const { models, champion } = await run.lineage();
  const { name: model } = models.find(({ name }) => name !== champion)!;
  await run.setChampion({ model, ...signed });
  const announced = `lived/promotion-${(await run.lineage()).promotions.at(-1)!.number}`;
  await temporal.client.workflow.getHandle(announced).result();
  await save('announce-finished', announced);
  await run.next();
  for await (const { status } of run.follow())
    if (status?.pending) await run.decide({ round: 2, approve: false, ...signed });
  await save('evolve-decided', 'lived', started.firstExecutionRunId);
  await save('evolve-lived', 'lived');
}

/** Files that a run takes from a folder, and one that it refuses. */
async function collected({
  folder,
  config: {
    temporal: { taskQueue },
  },
}: Bench): Promise<void> {
  const from = join(folder, 'drop');
  const hourAgo = Date.now() / 1_000 - 3_600;
  const look = async (ending: string, file: string, text: string) => {
    const path = join(from, file);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, text);
    await utimes(path, hourAgo, hourAgo);
    const workflowId = `lived/collect-${ending}`;
    const args = [{ run: 'lived', from }];
    const looking = temporal.client.workflow.execute('collect', { taskQueue, workflowId, args });
    await looking.catch(() => undefined);
    await save(`collect-${ending}`, workflowId);
  };
  await look('finished', 'unlabelled/more.jsonl', '{"question":"the thing that was dropped"}\n');
  await look('failed', 'unlabelled/other.jsonl', '{"text":"no question"}\n');
}

/** A grid of one cell beside the method's own. */
async function compared({ bench }: Stage): Promise<void> {
  const base = await writeTask(bench.folder, 'base', FEW);
  const grid = { name: 'grid', percentiles: [100] };
  await (await bench.client.reproduce(grid, { base, folder: bench.folder })).result();
  await save('reproduce-finished', 'grid');
}

async function continued({ start }: Stage): Promise<void> {
  await (await start('many', MANY, ONE_BY_ONE)).result();
  for (const name of ['propagate', 'evaluate']) {
    const workflowId = `many/round-1/${name}`;
    await save(`${name}-continued`, workflowId, await firstRunOf(workflowId));
    await save(`${name}-continuation`, workflowId);
  }
}

/** A job that stalls twice. */
async function stalled({ bench }: Stage): Promise<void> {
  const { jobs } = bench.provider;
  jobs.hold();
  const fineTune = await startFineTune(bench, 'stalled');
  const { id } = await jobOf(bench, 'stalled');
  await untilStalled(fineTune);
  jobs.finish(id, 'paused');
  await untilPolled(bench, id);
  await untilStalled(fineTune);
  jobs.finish(id);
  await fineTune.result();
  await save('fineTune-stalled', 'stalled');
}

/** A job that stalls, and is cancelled. */
async function givenUp({ bench }: Stage): Promise<void> {
  bench.provider.jobs.hold();
  const fineTune = await startFineTune(bench, 'given-up');
  await untilStalled(fineTune);
  await fineTune.cancel();
  await fineTune.result().catch(() => undefined);
  await save('fineTune-givenUp', 'given-up');
}

async function untilStalled(fineTune: WorkflowHandle): Promise<void> {
  while (!/no progress/.test((await fineTune.query<{ note: string }>('status')).note));
}

/** A moment of a run at which something goes wrong, by the request that it makes then. */
type Moment = (run: string, bench: Bench) => (request: JournalEntry) => boolean;

const CHAT = '/chat/completions';
const creating: Moment =
  () =>
  ({ method, path }) =>
    method === 'POST' && path === JOBS;
const waiting: Moment =
  (run, bench) =>
  ({ path }) =>
    jobsOf(bench, run).some(({ id }) => path === `${JOBS}/${id}`);
const propagating: Moment =
  (run, bench) =>
  ({ kind }) =>
    kind === 'chat' && jobsOf(bench, run).length === 1;
const evaluating: Moment =
  (run, bench) =>
  ({ kind }) =>
    kind === 'chat' && jobsOf(bench, run).length > 1;

/** A run that fails for good at a moment, or is cancelled while a request of it hangs. */
async function broken(
  { bench, start }: Stage,
  ending: 'failed' | 'cancelled',
  moment: Moment,
  workflows: Record<string, string>,
): Promise<void> {
  const name = `${ending}-${Object.keys(workflows).at(-1)}`;
  const isThen = moment(name, bench);
  const refusal = { status: 400, body: { error: { message: 'No.' } } };
  const fault: Fault = ending === 'failed' ? refusal : 'hang';
  const reached = new Promise<void>((resolve) => {
    let isReached = false;
    bench.provider.setFaults((request) => {
      if (isThen(request)) isReached = true;
      else if (!(isReached && ending === 'failed' && request.kind === 'probe')) return undefined;
      resolve();
      return fault;
    });
  });
  const run = await start(name);
  await reached;
  if (ending === 'cancelled') await run.cancel();
  await run.result().catch(() => undefined);
  bench.provider.setFaults(undefined);
  for (const [workflow, child] of Object.entries(workflows))
    await save(`${workflow}-${ending}`, `${name}${child}`);
}

/** A round whose answers are all the same, and tell nothing. */
async function empty({ bench, start }: Stage): Promise<void> {
  const message = { role: 'assistant', content: 'I would rather not say.' };
  const body = { object: 'chat.completion', choices: [{ index: 0, message }] };
  bench.provider.setFaults(({ path }) => (path === CHAT ? { status: 200, body } : undefined));
  await (await start('empty')).result().catch(() => undefined);
  bench.provider.setFaults(undefined);
  await save('round-empty', 'empty/round-1');
}

/** Requests by batch, to the end, and cancelled while a batch is waited for. */
async function batched({ bench, start }: Stage): Promise<void> {
  const { batches } = bench.provider;
  const byBatch = { transport: 'batch' };
  await (await start('batched', FEW, byBatch)).result();
  await save('byBatch-finished', 'batched/round-1/propagate/by-batch');
  batches.hold();
  const made = batches.all().length;
  const run = await start('batched-cancelled', FEW, byBatch);
  await bench.provider.until(() => batches.all().length > made);
  await run.cancel();
  await bench.provider.until(() => batches.all()[0]!.status === 'cancelling');
  batches.release();
  await run.result().catch(() => undefined);
  await save('byBatch-cancelled', 'batched-cancelled/round-1/propagate/by-batch');
}

/** A model that has to be deployed: it expires, its hosting is cancelled, or it is never up. */
async function hosted(ending: 'finished' | 'cancelled' | 'failed'): Promise<void> {
  process.env.AZURE_MANAGEMENT_TOKEN = TOKEN;
  const azure = await Azure.start(ending === 'failed' ? { states: ['Accepted', 'Failed'] } : {});
  const asked = Promise.withResolvers<string>();
  azure.onChat = (name) => {
    if (!azure.standing.includes(name)) return;
    if (azure.created === 1 && ending === 'finished') azure.remove(name);
    asked.resolve(name);
  };
  await withStage(
    azure.endpoint,
    async ({ start }) => {
      const run = await start(`hosted-${ending}`);
      if (ending === 'failed') await run.result().catch(() => undefined);
      const name = ending === 'failed' ? azure.stays[0]!.name : await asked.promise;
      const host = temporal.client.workflow.getHandle(`host/local/${name}`);
      const { runId } = await host.describe();
      // The run puts it up again.
      if (ending === 'cancelled') await host.cancel();
      await run.result().catch(() => undefined);
      await temporal.client.workflow
        .getHandle(host.workflowId, runId)
        .result()
        .catch(() => undefined);
      await save(`host-${ending}`, host.workflowId, runId);
    },
    azure.provider,
  );
  await azure.close();
}

const OUTER = { evolve: '', round: '/round-1', fineTune: '/round-1/warm-up' };

for (const file of await readdir(FOLDER))
  if (file.startsWith(`${project.version}-`)) await rm(new URL(file, FOLDER));
try {
  await withStage({}, async (stage) => {
    await finished(stage);
    await lived(stage);
    await compared(stage);
    await continued(stage);
    await empty(stage);
    await broken(stage, 'failed', creating, OUTER);
    await broken(stage, 'cancelled', waiting, OUTER);
    for (const ending of ['failed', 'cancelled'] as const) {
      await broken(stage, ending, propagating, { propagate: '/round-1/propagate' });
      await broken(stage, ending, evaluating, { evaluate: '/round-1/evaluate' });
    }
  });
  await withStage({ stalledAfterMinutes: 0.01 }, async (stage) => {
    await stalled(stage);
    await givenUp(stage);
  });
  await withStage({ batches: true }, batched);
  for (const ending of ['finished', 'cancelled', 'failed'] as const) await hosted(ending);
} finally {
  await temporal.teardown();
}
