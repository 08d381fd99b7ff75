import assert from 'node:assert/strict';
import { before, describe, it } from 'mocha';
import { forecastRun } from '../../client/forecast.ts';
import { foldOf } from '../../core/folds.ts';
import { runSpec } from '../../core/registry.ts';
import { gateSections } from '../../core/report/gate.ts';
import { lineageSections } from '../../core/report/lineage.ts';
import { markdown } from '../../core/report/markdown.ts';
import { roundSections } from '../../core/report/round.ts';
import type { ModelRole } from '../../core/types.ts';
import { openStore } from '../../store/store.ts';
import { writeTask } from '../support/stack.ts';
import { useBench } from '../support/suite.ts';

const RUN = 'untested';
const FOLDS = 2;
const SIZES = { labelled: 30, unlabelled: 20, test: 1 };
const SIGNED = { name: 'an operator', reason: 'a test' };

describe('a gate without a test split', function () {
  this.timeout(600_000);
  const bench = useBench('suite');

  const specOf = async (name: string, labelled: number) => {
    const { data, ...spec } = await writeTask(bench.folder, name, { ...SIZES, labelled });
    const gate = { folds: FOLDS };
    const evaluation = { sft: 'equal-epochs' as const };
    const living = { rounds: 3, next: {} };
    return runSpec.parse({ ...spec, data: { ...data, test: [] }, gate, evaluation, ...living });
  };

  before(() => bench.startWorker());

  it('is refused before anything is spent where there are too few labelled rows', async () => {
    const spec = await specOf('too-few', 12);
    const needs = /needs 30 labelled rows for a cross-fitted estimate, and there are 12/;
    const { problems } = await forecastRun(spec, bench.config);
    assert.ok(problems.some((problem) => needs.test(problem)));
    await assert.rejects((await bench.start(spec)).result(), (error: Error) => {
      return needs.test(String((error.cause as Error).message));
    });
    assert.equal(bench.provider.jobs.all().length, 0);
  });

  it('goes by models that have not seen what they answer, and says so wherever it shows a figure', async () => {
    const run = await bench.client.start(await specOf(RUN, SIZES.labelled));
    const waits = async (finished: number) => {
      for await (const { state, status } of run.follow()) {
        assert.equal(state, 'running');
        if (status?.waitsFor && status.totals.finished === finished) return status;
      }
      throw new Error('it has ended');
    };
    const { latest } = await waits(1);
    assert.equal(latest[0]!.estimate, 'cross-fitted');
    const [report] = await bench.reports(RUN);
    assert.equal(report!.estimate, 'cross-fitted');
    assert.ok(report!.gate!.tests.every(({ examples }) => examples === SIZES.labelled));
    const text = markdown(roundSections(report!));
    assert.match(text, /^## Accuracy by a cross-fitted estimate$/m);
    assert.match(text, /^## Gate, by a cross-fitted estimate$/m);
    assert.doesNotMatch(text, /on the test split|[0-9] test examples \|/);
    assert.match(markdown(gateSections(report!)), /labelled examples/);

    const store = await openStore(bench.config.store);
    const tables = await store.run(RUN, report!.dataset);
    const answersOf = (round: number, role: ModelRole) =>
      tables.answers({ round, stage: `evaluate-${role}`, range: { from: 0, to: 100 } });
    const compared = report!.foldModels!;
    assert.ok(compared.length >= 2);
    for (const { model, folds } of compared) {
      assert.equal(folds.length, FOLDS);
      const own = await store.models.byName(model);
      for (const [fold, name] of folds.entries()) {
        const { role, base, trainingRows } = (await store.models.byName(name))!;
        assert.match(role, new RegExp(`-fold-${fold + 1}$`));
        assert.equal(base, report!.model);
        assert.ok(trainingRows < own!.trainingRows || role.startsWith('sft-steps'));
      }
    }
    const semievol = await answersOf(1, 'semievol');
    assert.equal(semievol.length, SIZES.labelled);
    const { folds } = compared.find(({ model }) => model === report!.models.semievol)!;
    for (const { exampleId, model } of semievol)
      assert.equal(model, folds[foldOf({ id: exampleId }, FOLDS)]);
    const vanilla = await answersOf(1, 'vanilla');
    assert.ok(vanilla.every(({ model }) => model === report!.model));

    // What nothing stands for could not be compared any more.
    await assert.rejects(
      run.setChampion({ model: folds[0]!, ...SIGNED }),
      /without a test split it can be the base, or a model that a round/,
    );
    if ((await run.status()).status!.champion !== report!.models.semievol)
      await run.setChampion({ model: report!.models.semievol, ...SIGNED });

    const jobs = bench.provider.jobs.all().length;
    await run.next();
    await waits(2);
    const [, second] = await bench.reports(RUN);
    const champion = await answersOf(2, 'champion');
    const given = (answers: typeof champion) =>
      new Map(answers.map(({ ordinal, model, parsed }) => [ordinal, [model, parsed]]));
    assert.deepEqual(given(champion), given(semievol));
    // They were asked in the round before.
    assert.ok(champion.every(({ promptTokens }) => promptTokens === 0));
    assert.ok(second!.gate!.tests.every(({ examples }) => examples === SIZES.labelled));
    // Of SFT, which has learned from the same examples, nothing was trained again.
    const isSft = ({ role, round }: { role: string; round: number }) =>
      round === 2 && /^sft(-fold-.)?$/.test(role);
    assert.deepEqual((await store.models.list({ run: RUN })).filter(isSft), []);
    assert.ok(bench.provider.jobs.all().length > jobs);
    assert.match(
      markdown(lineageSections(await run.lineage())),
      /accuracy, by a cross-fitted estimate/,
    );
    store.close();
    await run.cancel();
  });
});
