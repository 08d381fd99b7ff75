import assert from 'node:assert/strict';
import { before, describe, it } from 'mocha';
import type { RoundReport } from '../../core/roundReport.ts';
import type { RunSpec } from '../../core/spec.ts';
import type { RunStatus } from '../../core/status.ts';
import { usageOf } from '../../core/usage.ts';
import { openStore } from '../../store/store.ts';
import type { Batch, BatchState } from '../../testing/batches.ts';
import type { FaultPlan } from '../../testing/faults.ts';
import { type ProviderOptions, startProvider } from '../../testing/provider.ts';
import { answersOf, compare, readTables, type Tables } from '../chaos/tables.ts';
import { Azure, TOKEN } from '../support/azure/azure.ts';
import { lookUntil } from '../support/lookUntil.ts';
import { Bench, writeTask } from '../support/stack.ts';
import { useTemporal } from '../support/suite.ts';
import { startTogetherBatches } from '../support/togetherBatches.ts';
import { untilHeld } from './support.ts';

const SIZES = { labelled: 20, unlabelled: 24, test: 10 };
const COLLABORATORS = [
  { name: 'tuned', shots: 2 },
  { name: 'warm', shots: 0, temperature: 1, samples: 2 },
];
/** Requests to the warm-up about the unlabelled examples, before they are justified. */
const ASKED = SIZES.unlabelled * COLLABORATORS.length;
const PRICES = { '*': { input: 1, output: 2, batch: 0.5 } };

/** What a run has come to. */
interface Outcome {
  tables: Tables;
  report: RoundReport;
  batches: Batch[];
  /** Files of batches that are at the provider in the end. */
  left: { purpose: string; bytes: number }[];
  /** Chat requests that were sent by themselves. */
  direct: number;
  /** How many answers came by batch, and how many did not. */
  byBatch: number;
  byThemselves: number;
}

type Run = Awaited<ReturnType<Bench['start']>>;

describe('a run by batch', () => {
  const temporal = useTemporal();
  let byThemselves: Outcome;
  before(async () => {
    byThemselves = await run({}, { spec: { transport: 'direct' } });
  });

  /** Opens a bench whose endpoint takes batches. */
  async function open(provider: ProviderOptions = {}, batches: object = {}, more: object = {}) {
    const endpoint = { batches, prices: PRICES, ...more };
    const bench = await Bench.open(temporal, await startProvider(provider), endpoint);
    await bench.startWorker();
    return bench;
  }

  const specIn = ({ folder }: Bench, changes: object = {}): Promise<RunSpec> =>
    writeTask(folder, 'by-batch', SIZES, {
      ...{ transport: 'batch', collaborators: COLLABORATORS, until: 'select' },
      ...changes,
    });

  async function outcomeOf(bench: Bench, spec: RunSpec, begun?: Run): Promise<Outcome> {
    await (begun ?? (await bench.start(spec))).result();
    const reports = await bench.reports(spec.name);
    const report = reports[0]!;
    const { dataset } = report;
    const store = await openStore(bench.config.store);
    try {
      const tables = await readTables(store, dataset, spec, reports);
      const answers = await answersOf(store, spec, dataset, 1);
      const byBatch = answers.filter(({ transport }) => transport === 'batch').length;
      return {
        tables,
        report,
        batches: bench.provider.batches.all().reverse(),
        left: await filesOfBatches(bench),
        direct: bench.provider.requests({ kind: 'chat', status: 200 }).length,
        ...{ byBatch, byThemselves: answers.length - byBatch },
      };
    } finally {
      store.close();
    }
  }

  async function run(
    provider: ProviderOptions = {},
    { batches, spec, endpoint }: { batches?: object; spec?: object; endpoint?: object } = {},
  ): Promise<Outcome> {
    const bench = await open(provider, batches, endpoint);
    try {
      return await outcomeOf(bench, await specIn(bench, spec));
    } finally {
      await bench.close();
    }
  }

  const isTheSame = ({ tables }: Outcome, wanted = byThemselves) =>
    assert.deepEqual(compare(wanted.tables, tables).differences, []);

  it('ends with the very tables of one whose requests go by themselves, for half the price', async () => {
    const full = { until: 'report' };
    const direct = await run({}, { spec: { ...full, transport: 'direct' } });
    const outcome = await run({}, { spec: full });
    isTheSame(outcome, direct);
    assert.deepEqual([outcome.direct, outcome.byThemselves], [0, 0]);
    assert.deepEqual([direct.byBatch, direct.batches.length], [0, 0]);
    assert.deepEqual(outcome.left, []);
    const sent = outcome.batches.map((batch) => batch.request_counts!.total);
    assert.equal(
      sent.reduce((sum, total) => sum + total, 0),
      direct.direct,
      'each request once',
    );
    const costOf = ({ report }: Outcome) => {
      const chat = report.usage.filter(({ completionTokens }) => completionTokens > 0);
      return chat.reduce((sum, { cost }) => sum + cost!, 0);
    };
    assert.equal(costOf(outcome), costOf(direct) / 2);
  });

  it('sends again what batches leave unanswered, however they end', async () => {
    const counts = (completed: number) => ({ total: 0, completed, failed: 0 });
    const failed = (code: string, ...lines: (number | null)[]) => ({
      status: 'failed',
      errors: {
        object: 'list',
        data: lines.map((line) => ({ code, line: line as number, message: '', param: null })),
      },
    });
    const ends: BatchState[] = [
      { status: 'expired', request_counts: counts(10) },
      failed('invalid_json_line', 2, 5),
      { status: 'completed', request_counts: counts(0) },
      'vanished',
      failed('token_limit_exceeded', null),
      { status: 'cancelled', request_counts: counts(3) },
    ];
    const sent: number[] = [];
    const outcome = await run(
      {
        batchScript({ request_counts }, nth) {
          sent.push(request_counts!.total);
          const end = ends[nth - 1];
          return end === undefined ? undefined : ['in_progress', end];
        },
      },
      { batches: { rounds: 9 } },
    );
    isTheSame(outcome);
    const afterExpiry = ASKED - 10;
    // The two lines are sent by themselves.
    const rest = afterExpiry - 2;
    assert.deepEqual(sent.slice(0, 7), [ASKED, afterExpiry, rest, rest, rest, rest, rest - 3]);
    assert.equal(outcome.direct, 2);
    areOfOneKeyEach(outcome, { but: 1 }); // where too much was queued the same is sent again
    assert.deepEqual(outcome.left, []);
  });

  it('goes on directly where nothing comes of batches, time and again', async () => {
    const nothing = { total: 0, completed: 0, failed: 0 };
    const outcome = await run(
      { batchScript: ['in_progress', { status: 'completed', request_counts: nothing }] },
      { batches: { rounds: 2 } },
    );
    isTheSame(outcome);
    assert.equal(outcome.byBatch, 0);
    const stages = 2; // of collaborators and of justifications
    assert.equal(outcome.batches.length, 2 * stages);
  });

  it('keeps to the limits, and makes one batch of each file though the answer is lost', async () => {
    const lost = new Set<string>();
    const outcome = await run(
      {
        faults({ kind, method, body }) {
          if (kind !== 'batch' || method !== 'POST') return undefined;
          const { input_file_id: file } = body as { input_file_id: string };
          if (lost.has(file)) return undefined;
          lost.add(file);
          return 'cut-after';
        },
      },
      { batches: { maxRequests: 20 } },
    );
    isTheSame(outcome);
    const sizes = outcome.batches.map((batch) => batch.request_counts!.total);
    assert.ok(
      sizes.every((size) => size <= 20),
      `${sizes}`,
    );
    assert.ok(sizes.length >= ASKED / 20);
    assert.equal(lost.size, sizes.length);
    assert.equal(outcome.direct, 0);
    areOfOneKeyEach(outcome);
  });

  it('divides requests by the bytes that a file may have', async () => {
    const maxBytes = 8_000;
    const outcome = await run({ faults: keepsFiles }, { batches: { maxBytes } });
    isTheSame(outcome);
    assert.deepEqual([outcome.direct, outcome.byThemselves], [0, 0]);
    const sent = outcome.left.filter(({ purpose }) => purpose === 'batch');
    const bytes = sent.map((file) => file.bytes);
    const largest = Math.max(...bytes);
    assert.ok(largest <= maxBytes && largest > 0.8 * maxBytes, `${bytes}`);
    assert.ok(bytes.length >= 3, `${bytes}`);
    areOfOneKeyEach(outcome);
  });

  it('makes smaller files where too much stays queued, until they are taken', async () => {
    const most = ASKED / 2;
    const errors = { object: 'list', data: [{ code: 'token_limit_exceeded', message: '' }] };
    const outcome = await run(
      {
        batchScript: ({ request_counts }) =>
          request_counts!.total > most ? ['validating', { status: 'failed', errors }] : undefined,
      },
      { endpoint: { pollSeconds: 0.001 }, spec: { transport: { collaborate: 'batch' } } },
    );
    isTheSame(outcome);
    assert.equal(outcome.direct, byThemselves.direct - ASKED);
    const sizes = outcome.batches.map(({ request_counts }) => request_counts!.total);
    // It waits several times, each time longer, before it is divided.
    assert.deepEqual(sizes, [...Array(9).fill(ASKED), most, most]);
  });

  it('fetches files of answers again that came spoilt: no row is paid for twice', async () => {
    const spoilt = new Map<string, number>();
    const headers = { 'content-type': 'text/html' };
    const page = { status: 200, headers, body: '<html><body>Please wait.</body></html>' };
    const ways = ['malformed', page, 'truncated'] as const;
    const outcome = await run(
      {
        faults({ method, path }) {
          if (method !== 'GET' || !path.endsWith('/content')) return undefined;
          const times = spoilt.get(path) ?? 0;
          spoilt.set(path, times + 1);
          return ways[times];
        },
      },
      { endpoint: { finalAfterSeconds: 60 } },
    );
    isTheSame(outcome);
    assert.ok(spoilt.size > 0 && [...spoilt.values()].every((times) => times > ways.length));
    const sent = outcome.batches.reduce((sum, one) => sum + one.request_counts!.total, 0);
    assert.equal(sent, byThemselves.direct);
    assert.deepEqual([outcome.direct, outcome.byThemselves], [0, 0]);
  });

  it('goes the same way over the wire of Together', async () => {
    const { provider, baseURL, close } = await startTogetherBatches();
    const at = { ...provider, baseURL, close };
    const bench = await Bench.open(temporal, at, { batches: { wire: 'together' }, prices: PRICES });
    try {
      await bench.startWorker();
      const outcome = await outcomeOf(bench, await specIn(bench));
      isTheSame(outcome);
      assert.deepEqual([outcome.direct, outcome.byThemselves], [0, 0]);
      assert.deepEqual(outcome.left, []);
    } finally {
      await bench.close();
    }
  });

  it('asks other deployments by batch than by themselves, at Azure', async () => {
    const [name, batchName] = ['smollm2-135m-instruct', 'base-batch'];
    const models = [name, batchName, 'all-minilm-l6-v2'];
    const azure = await Azure.start({}, await startProvider({ models, faults: keepsFiles }));
    process.env.AZURE_MANAGEMENT_TOKEN = TOKEN;
    const endpoint = { ...azure.endpoint, batches: { models: { [name]: batchName } } };
    const at = { ...azure.provider, close: () => azure.close() };
    const bench = await Bench.open(temporal, at, endpoint);
    try {
      await bench.startWorker();
      const base = { name: 'base', shots: 0, model: 'base' };
      const collaborators = [base, { ...base, name: 'again', temperature: 1 }];
      const spec = await specIn(bench, { collaborators, resolution: 'vote' });
      const outcome = await outcomeOf(bench, spec);
      assert.deepEqual([outcome.direct, outcome.byThemselves], [0, 0]);
      assert.equal(outcome.byBatch, ASKED);
      const [file] = outcome.batches.map(({ input_file_id }) => input_file_id);
      const content = await fetch(`${azure.provider.baseURL}/files/${file}/content`);
      const rows = (await content.text()).trimEnd().split('\n');
      assert.ok(rows.every((row) => JSON.parse(row).body.model === batchName));
      assert.deepEqual(azure.provider.requests({ model: batchName }), []);
      assert.ok(outcome.report.usage.every(({ model }) => model !== batchName));
    } finally {
      await bench.close();
      delete process.env.AZURE_MANAGEMENT_TOKEN;
    }
  });

  it('makes no batch until the budget has room for it, and counts it once', async () => {
    const bench = await open();
    const spec = await specIn(bench, { budget: { perPhase: { propagate: { requests: 10 } } } });
    const run = await bench.start(spec);
    const { hold, budget } = await untilHeld(bench, spec.name);
    assert.match(hold.why, /the budget of phase propagate is reached: 0 of 10 requests spent/);
    assert.equal(bench.provider.batches.all().length, 0);
    assert.equal(budget![0]!.spent, 0);
    await bench.client.get(spec.name).setBudget({ requests: 1_000 }, 'propagate');
    await run.result();
    const [report] = await bench.reports(spec.name);
    assert.deepEqual(report!.pseudoLabels, byThemselves.report.pseudoLabels);
    const asked = usageOf(report!.usage, 'collaborate');
    assert.equal(asked.requests, usageOf(byThemselves.report.usage, 'collaborate').requests);
    await bench.close();
  });

  it('cancels its batches at a limit where its spec wants that, and sends the rest once it is raised', async () => {
    const bench = await open({ holdBatches: true });
    try {
      const budget = { requests: 1_000, jobs: 'cancel' };
      const spec = await specIn(bench, { budget });
      const { batches } = bench.provider;
      const run = await bench.start(spec);
      const status = () => run.query<RunStatus>('status');
      const { budget: uses } = await lookUntil(status, (seen) => seen.budget![0]!.reserved > 0);
      await bench.provider.until(() => batches.all().length > 0);
      await bench.client.get(spec.name).setBudget({ requests: uses![0]!.spent + 1 });
      await bench.provider.until(() => batches.all()[0]!.status === 'cancelling');
      batches.release();
      const { hold } = await lookUntil(status, (seen) =>
        seen.budget!.every(({ reserved }) => reserved < ASKED),
      );
      assert.match(hold!.why, /the budget of the run is reached/);
      const [first, ...others] = batches.all();
      assert.deepEqual([first!.status, others], ['cancelled', []]);
      await bench.client.get(spec.name).setBudget({ requests: 1_000 });
      const outcome = await outcomeOf(bench, spec, run);
      isTheSame(outcome);
      const { completed } = first!.request_counts!;
      const totals = outcome.batches.map((one) => one.request_counts!.total);
      assert.ok(completed > 0);
      assert.deepEqual(totals.slice(0, 2), [ASKED, ASKED - completed]);
      const answered = outcome.batches.map((one) => one.request_counts!.completed);
      assert.equal(
        answered.reduce((sum, one) => sum + one),
        byThemselves.direct,
        'each request is paid for once',
      );
      assert.deepEqual(outcome.left, []);
      assert.deepEqual([outcome.direct, outcome.byThemselves], [0, 0]);
    } finally {
      await bench.close();
    }
  });

  it('cancels its batches with it, and keeps what they had answered', async () => {
    const bench = await open({ holdBatches: true });
    try {
      const spec = await specIn(bench);
      const handle = await bench.start(spec);
      await bench.provider.until(() => bench.provider.batches.all().length > 0);
      await handle.cancel();
      const isCancelling = ({ status }: Batch) => status === 'cancelling';
      await bench.provider.until(() => bench.provider.batches.all().some(isCancelling));
      bench.provider.batches.release();
      await assert.rejects(handle.result());
      const [batch, ...others] = bench.provider.batches.all();
      assert.deepEqual([batch!.status, others], ['cancelled', []]);
      // Started again it asks for the rest.
      const outcome = await outcomeOf(bench, spec);
      isTheSame(outcome);
      const totals = outcome.batches.map((one) => one.request_counts!.total);
      assert.deepEqual(totals.slice(0, 2), [ASKED, ASKED - batch!.request_counts!.completed]);
      assert.ok(batch!.request_counts!.completed > 0);
    } finally {
      await bench.close();
    }
  });
});

/** Of a provider that deletes no files. */
const keepsFiles: FaultPlan = ({ method }) => (method === 'DELETE' ? { status: 405 } : undefined);

/** @param but so many batches are of a key that another has */
function areOfOneKeyEach({ batches }: Outcome, { but = 0 } = {}): void {
  const keys = batches.map(({ metadata }) => metadata!.semievol_key!);
  assert.equal(new Set(keys).size, keys.length - but);
}

async function filesOfBatches({ provider }: Bench): Promise<Outcome['left']> {
  const listed = await fetch(`${provider.baseURL}/files`);
  const { data } = (await listed.json()) as { data: Outcome['left'] };
  return data.filter(({ purpose }) => purpose.startsWith('batch'));
}
