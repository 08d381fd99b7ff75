import assert from 'node:assert/strict';
import { before, describe, it } from 'mocha';
import type { FoldModels } from '../../core/gate/foldModels.ts';
import { runSpec } from '../../core/registry.ts';
import type { RoundReport } from '../../core/roundReport.ts';
import type { RunSpec } from '../../core/spec.ts';
import { openStore } from '../../store/store.ts';
import { startProvider } from '../../testing/provider.ts';
import { answersOf, compare, readTables, type Tables } from '../chaos/tables.ts';
import { BASE, guess, judge, writeRooms } from '../support/rooms.ts';
import { Bench, writeTask } from '../support/stack.ts';
import { useBench, useTemporal } from '../support/suite.ts';
import { untilHeld } from './support.ts';

const RUN = 'folded';
const FOLDS = 2;
const SIZES = { labelled: 30, unlabelled: 12, test: 1 };
const PRICES = { '*': { input: 1, output: 2, training: 1, batch: 0.5 } };
const UNTESTED = { gate: { folds: FOLDS }, evaluation: { sft: 'equal-epochs' } };

const jobsOfFolds = ({ provider }: Bench) =>
  provider.jobs.all().filter(({ metadata }) => metadata!.semievol_key!.includes('/semievol-fold-'));

/** What a run without a test split has come to. */
interface Outcome {
  tables: Tables;
  report: RoundReport;
  answers: Awaited<ReturnType<typeof answersOf>>;
}

describe('a run without a test split', function () {
  this.timeout(600_000);
  const temporal = useTemporal();
  let undisturbed: Outcome;

  async function specIn({ folder }: Bench, changes: object = {}): Promise<RunSpec> {
    const { data, ...spec } = await writeTask(folder, RUN, SIZES);
    return runSpec.parse({ ...spec, data: { ...data, test: [] }, ...UNTESTED, ...changes });
  }

  async function outcomeOf(bench: Bench, spec: RunSpec): Promise<Outcome> {
    const [report] = await bench.reports(spec.name);
    const { dataset } = report!;
    const store = await openStore(bench.config.store);
    try {
      const tables = await readTables(store, dataset, spec, [report!]);
      return { tables, report: report!, answers: await answersOf(store, spec, dataset, 1) };
    } finally {
      store.close();
    }
  }

  async function using<T>(work: (bench: Bench) => Promise<T>): Promise<T> {
    const endpoint = { batches: {}, prices: PRICES };
    const bench = await Bench.open(temporal, await startProvider(), endpoint);
    try {
      await bench.startWorker();
      return await work(bench);
    } finally {
      await bench.close();
    }
  }

  const run = (changes: object = {}) =>
    using(async (bench) => {
      const spec = await specIn(bench, changes);
      await (await bench.start(spec)).result();
      return outcomeOf(bench, spec);
    });

  const isTheSame = ({ tables }: Outcome) =>
    assert.deepEqual(compare(undisturbed.tables, tables).differences, []);

  const foldsOf = ({ foldModels, models }: RoundReport): FoldModels =>
    foldModels!.find(({ model }) => model === models.semievol)!;

  before(async () => {
    undisturbed = await run();
    assert.equal(undisturbed.report.estimate, 'cross-fitted');
    assert.equal(foldsOf(undisturbed.report).folds.length, FOLDS);
  });

  it('asks the models of its folds by batch the same way, for half the price', async () => {
    const outcome = await run({ transport: 'batch' });
    isTheSame(outcome);
    const { answers, report } = outcome;
    assert.deepEqual(
      answers.filter(({ transport }) => transport !== 'batch'),
      [],
    );
    const graded = answers.filter(({ stage }) => stage === 'evaluate-semievol');
    assert.equal(graded.length, SIZES.labelled);
    assert.deepEqual(
      [...new Set(graded.map(({ model }) => model))].sort(),
      foldsOf(report).folds.toSorted(),
    );
    const costOf = ({ usage }: RoundReport) =>
      usage
        .filter(({ completionTokens }) => completionTokens > 0)
        .reduce((sum, { cost }) => sum + cost!, 0);
    assert.equal(costOf(report), costOf(undisturbed.report) / 2);
  });

  it('pauses where the budget lets one fold be trained, and comes to the same once it is raised', async () => {
    await using(async (bench) => {
      const budget = { perPhase: { 'fine-tune-folds': { requests: 1 } } };
      const spec = await specIn(bench, { budget });
      const handle = await bench.start(spec);
      const { hold, paused } = await untilHeld(bench, RUN);
      assert.ok(paused);
      assert.match(
        hold.why,
        /the budget of phase fine-tune-folds is reached: 1 of 1 requests spent/,
      );
      const made = () => jobsOfFolds(bench).length;
      assert.equal(made(), 1);
      await bench.client.get(RUN).setBudget({ requests: FOLDS }, 'fine-tune-folds');
      await handle.result();
      assert.equal(made(), FOLDS);
      const outcome = await outcomeOf(bench, spec);
      isTheSame(outcome);
      assert.equal(outcome.report.bill.cost, undisturbed.report.bill.cost);
    });
  });

  it('begins the job of a fold again that a limit has cancelled, and comes to the same', async () => {
    await using(async (bench) => {
      const { provider } = bench;
      const budget = { perPhase: { 'fine-tune-folds': { requests: FOLDS } }, jobs: 'cancel' };
      const spec = await specIn(bench, { budget });
      const handle = await bench.start(spec);
      const isTuned = ({ body }: { body: { model?: unknown } }) =>
        String(body.model).startsWith('ft:');
      await provider.until(() => provider.requests({ kind: 'chat' }).some(isTuned));
      provider.jobs.hold();
      await provider.until(() => jobsOfFolds(bench).length > 0);
      await bench.client.get(RUN).setBudget({ requests: 0.5 }, 'fine-tune-folds');
      await provider.until(() => jobsOfFolds(bench).some(({ status }) => status === 'cancelled'));
      const { hold } = await untilHeld(bench, RUN);
      assert.match(hold.why, /the budget of phase fine-tune-folds is reached/);
      provider.jobs.release();
      await bench.client.get(RUN).setBudget({ requests: FOLDS }, 'fine-tune-folds');
      await handle.result();
      assert.deepEqual(
        jobsOfFolds(bench)
          .map(({ status }) => status)
          .sort(),
        ['cancelled', ...Array(FOLDS).fill('succeeded')],
      );
      isTheSame(await outcomeOf(bench, spec));
    });
  });
});

describe('a run without a test split whose answers a judge grades', () => {
  const bench = useBench('test', { models: [BASE, 'all-minilm-l6-v2', 'wise'] });

  it('has it grade what models say of examples that they have not seen, each answer once', async () => {
    bench.provider.setAnswers({
      chat: (question) => (question.model === 'wise' ? judge(question) : guess(question)),
    });
    const sizes = { labelled: 30, unlabelled: 12 };
    const spec = await writeRooms(bench, 'judged', sizes, {
      ...{ task: { type: 'free-form', answers: 'long' }, judge: { model: 'wise' } },
      ...UNTESTED,
    });
    await bench.run(spec);
    const [report] = await bench.reports(spec.name);
    const { metrics, estimate, foldModels, gate, usage, judge: judged } = report!;
    assert.equal(estimate, 'cross-fitted');
    assert.deepEqual(
      metrics.map(({ name }) => name),
      ['judged right'],
    );
    const { base, sft, semievol } = metrics[0]!.values;
    assert.deepEqual([base.got, base.of], [15, 30]);
    assert.deepEqual([sft.epochs.got, sft.epochs.of], [30, 30]);
    assert.deepEqual([semievol.got, semievol.of], [30, 30]);
    assert.ok(gate!.tests.every(({ examples }) => examples === sizes.labelled));
    assert.deepEqual([judged!.gold.got, judged!.others.got], [30, 30]);
    assert.equal(judged!.isPartial, false);
    const requestsOf = (phase: string) =>
      usage.filter((one) => one.phase === phase).reduce((sum, one) => sum + one.requests, 0);
    assert.equal(requestsOf('judge-vanilla'), sizes.labelled);
    // What the models of folds say of one example is the same, whichever they stand for.
    assert.equal(requestsOf('judge-sft') + requestsOf('judge-semievol'), sizes.labelled);
    const asked = new Set(
      bench.provider.requests({ kind: 'chat' }).map(({ body }) => body.model as string),
    );
    for (const { model, folds } of foldModels!) {
      assert.ok(folds.every((one) => asked.has(one)));
      assert.ok(model !== report!.models.semievol || !asked.has(model));
    }
    const jobs = bench.provider.jobs.all().length;
    const before = bench.provider.requests({ kind: 'chat' }).length;
    await bench.run(spec);
    assert.equal(bench.provider.jobs.all().length, jobs);
    assert.equal(bench.provider.requests({ kind: 'chat' }).length, before);
    assert.equal(bench.provider.repeats('chat'), 0);
  });
});
