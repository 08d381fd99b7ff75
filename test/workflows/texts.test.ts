import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { WorkflowExecutionDescription } from '@temporalio/client';
import { after, before, describe, it } from 'mocha';
import { runSpec } from '../../core/registry.ts';
import type { RunSpec } from '../../core/spec.ts';
import type { Batch, BatchState } from '../../testing/batches.ts';
import type { FaultPlan } from '../../testing/faults.ts';
import type { Provider } from '../../testing/provider.ts';
import { failedFor } from '../support/stack.ts';
import { useBench, useOwnTemporal } from '../support/suite.ts';
import type { WorkerProcess } from '../support/workerProcess.ts';
import { textOf } from './support.ts';

const CHAT = '/chat/completions';
const EMBEDDINGS = '/embeddings';
const JOBS = '/fine_tuning/jobs';
/** The query that Temporal's UI shows current details from. */
const METADATA = '__temporal_workflow_metadata';

/** Stands in every field of every row, and so in all that quotes one. */
const MARKER = 'xylophage';
/** Of the endpoint, where the provider quotes it in what it fails with. */
const KEY = 'sk-proj-7hTq2LwXz9RbVm4N';
const KEY_ENV = 'KEY_OF_A_TEST';
/** Of a million tokens. */
const PRICE = 7.7130417;
/** What is to be nowhere but in files, requests, the store and the configuration. */
const SECRET = new RegExp([MARKER, KEY, `${PRICE}`.replace('.', '\\.')].join('|'), 'i');
/** Stands in the instruction, which goes with the spec to where a run begins, and no further. */
const INSTRUCTION = 'quagga';

describe('Texts of examples, keys and prices', () => {
  const temporal = useOwnTemporal('suite');
  const price = { input: PRICE, output: PRICE, training: PRICE, batch: 0.5 };
  const bench = useBench(
    'suite',
    { apiKey: KEY, batchScript: quotingBatches },
    { apiKeyEnv: KEY_ENV, batches: true, prices: { '*': price } },
    temporal,
  );
  let provider: Provider;
  let worker: WorkerProcess;
  /** All that Temporal showed of pending activities while runs went on. */
  const seen: WorkflowExecutionDescription[] = [];
  /** What the UI shows of a run that has ended. */
  let details: unknown;

  before(async () => {
    process.env[KEY_ENV] = KEY;
    ({ provider } = bench);
    worker = await bench.startProcess();

    provider.setFaults(quoting);
    await watched(await specOf('marked', { rounds: 2 }));
    await watched(await specOf('by-batch', { transport: 'batch' }));
    details = await temporal.client.workflow.getHandle('marked').query(METADATA);
    provider.setFaults(({ method, path }) =>
      method === 'POST' && path === JOBS
        ? { status: 400, body: errorOf(`row 3 is wrong: ${question('labelled', 3)}`) }
        : undefined,
    );
    await assert.rejects(watched(await specOf('refused')));
    const bad = await specOf('bad', { data: { maxBadRows: 0.01 } });
    await assert.rejects(watched(bad), failedFor('DataError'));
    await worker.stop();
  });
  after(() => {
    delete process.env[KEY_ENV];
  });

  it('are sent to models, and stored', async () => {
    const asked = provider.requests().filter(({ path }) => path === CHAT);
    assert.ok(asked.length > 100);
    const ends = provider.batches.all().map(({ status }) => status);
    assert.ok(ends.includes('failed') && ends.includes('completed'), ends.join());
    for (const run of ['marked', 'by-batch'])
      for (const { bill, byCategory } of await bench.reports(run)) {
        assert.ok(bill.cost! > 0);
        assert.equal(byCategory!.listed[0]!.label, `of the ${MARKER}`);
      }
  });

  it('are in no history, memo, detail and failure', async () => {
    for await (const { workflowId, runId } of temporal.client.workflow.list()) {
      const handle = temporal.client.workflow.getHandle(workflowId, runId);
      const { events } = await handle.fetchHistory();
      for (const event of events ?? [])
        assert.doesNotMatch(textOf(event), SECRET, `${workflowId} ${event.eventId}`);
      assert.doesNotMatch(textOf((await handle.describe()).raw), SECRET);
    }
  });

  it('are not in what the UI shows of a run', () => {
    assert.match(textOf(details), /## marked, round 2/);
    assert.doesNotMatch(textOf(details), SECRET);
  });

  it('are in no heartbeat', () => {
    assert.ok(seen.some(({ raw }) => (raw.pendingActivities ?? []).length > 0));
    for (const { raw } of seen) assert.doesNotMatch(textOf(raw), SECRET);
  });

  it('are in no log of a worker', async () => {
    const printed = await worker.printed();
    assert.match(printed, /polls task queue/);
    assert.doesNotMatch(printed, SECRET);
  });

  it('stay out with the instruction: it is only where a run begins', async () => {
    const holders = new Set<string>();
    for await (const { workflowId, runId, type } of temporal.client.workflow.list()) {
      const handle = temporal.client.workflow.getHandle(workflowId, runId);
      const { events } = await handle.fetchHistory();
      if (textOf(events).includes(INSTRUCTION)) holders.add(`${type} ${runId}`);
    }
    const begun = [];
    for (const run of ['marked', 'by-batch', 'refused', 'bad']) {
      const { raw } = await temporal.client.workflow.getHandle(run).describe();
      begun.push(`evolve ${raw.workflowExecutionInfo!.firstRunId}`);
    }
    assert.deepEqual([...holders].sort(), begun.sort());
  });

  /** Runs a spec to its end, and looks all the while at what Temporal shows of its workflows. */
  async function watched(spec: RunSpec): Promise<void> {
    const run = await bench.start(spec);
    let hasEnded = false;
    const end = run.result().finally(() => {
      hasEnded = true;
    });
    const looks = look(spec.name, () => hasEnded);
    await Promise.allSettled([end, looks]);
    await looks;
    await end;
  }

  async function look(run: string, hasEnded: () => boolean): Promise<void> {
    while (!hasEnded()) {
      const parents = [run];
      for (const workflowId of parents) {
        const handle = temporal.client.workflow.getHandle(workflowId);
        // A child may be pending and not there yet.
        const description = await handle.describe().catch(() => undefined);
        if (!description) continue;
        seen.push(description);
        parents.push(...(description.raw.pendingChildren ?? []).map((one) => one.workflowId!));
      }
    }
  }

  /** A spec over files that have the marker in every field, a repeated row and two bad ones. */
  async function specOf(
    name: string,
    changes: { rounds?: number; data?: object; transport?: 'batch' } = {},
  ) {
    const write = async (split: string, count: number) => {
      const rows = Array.from({ length: count }, (_, index) => row(split, index));
      const bad = { ...row(split, count), answer: `${MARKER} is no option` };
      const worse = { ...row(split, count + 1), question: '', options: `${MARKER} is no list` };
      const all = [...rows, rows[0], bad, worse].map((one) => JSON.stringify(one));
      const file = join(bench.folder, `${split}.jsonl`);
      await writeFile(file, `${all.join('\n')}\n{"question": "${MARKER} breaks off\n`);
      return file;
    };
    const { data, ...rest } = changes;
    return runSpec.parse({
      name,
      task: { type: 'multiple-choice', instruction: `Answer as a ${INSTRUCTION} would.` },
      data: {
        labelled: await write('labelled', 20),
        unlabelled: await write('unlabelled', 30),
        test: await write('test', 20),
        columns: { category: 'kind' },
        maxBadRows: 0.5,
        ...data,
      },
      ...{ batch: { size: 10, window: 2 }, budget: { usd: 1_000 } },
      ...rest,
    });
  }
});

const question = (split: string, index: number) =>
  `Which ${MARKER} is number ${index} of ${split}?`;

const row = (split: string, index: number) => ({
  question: question(split, index),
  context: `A ${MARKER} eats wood, ${split} ${index}.`,
  options: ['oak', 'ash', 'elm'].map((wood) => `${MARKER} of ${wood} ${index}`),
  answer: 'ABC'[index % 3],
  remark: `seen by the ${MARKER} ${index}`,
  kind: `of the ${MARKER}`,
});

const errorOf = (message: string) => ({
  error: { message, type: 'invalid_request_error', param: null, code: null },
});

/** A provider that quotes what it is asked: in every third answer, and in what it fails with. */
const quoting: FaultPlan = ({ path, attempt, body }) => {
  const said = JSON.stringify(body?.messages ?? body?.input ?? '');
  if (path === EMBEDDINGS && attempt === 1)
    return { status: 500, body: errorOf(`cannot embed ${said} for ${KEY}`) };
  if (path !== CHAT) return undefined;
  const turn = said.length % 3;
  if (turn === 0) return { status: 200, body: echo(said) };
  return turn === 1 && attempt === 1
    ? { status: 500, body: errorOf(`out of memory at ${said} for ${KEY}`) }
    : undefined;
};

/** The first batch is refused for lines that are quoted, with the key. */
function quotingBatches(_: Batch, nth: number): BatchState[] | undefined {
  if (nth > 1) return undefined;
  const message = `cannot read ${question('unlabelled', 2)} of ${KEY}`;
  const data = [{ code: 'invalid_json_line', line: 2, message, param: null }];
  return ['validating', { status: 'failed', errors: { object: 'list', data } }];
}

const echo = (said: string) => ({
  ...{ id: 'x', object: 'chat.completion', created: 0, model: 'm' },
  choices: [
    {
      ...{ index: 0, finish_reason: 'stop' },
      message: { role: 'assistant', content: `${said}\nAnswer: ${'ABC'[said.length % 2]}` },
      logprobs: { content: [{ token: 'A', logprob: -0.2, bytes: null, top_logprobs: [] }] },
    },
  ],
  usage: { prompt_tokens: 9, completion_tokens: 9, total_tokens: 18 },
});
