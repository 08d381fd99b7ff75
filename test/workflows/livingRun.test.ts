import assert from 'node:assert/strict';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { before, describe, it } from 'mocha';
import type { RunHandle } from '../../client/runHandle.ts';
import type { Answer } from '../../core/answer.ts';
import type { RunSpecInput } from '../../core/spec.ts';
import type { RunStatus } from '../../core/status.ts';
import { openStore, type Store } from '../../store/store.ts';
import { goldAnswer } from '../../testing/model.ts';
import { LABELS, writeTask } from '../../testing/task.ts';
import { useBench } from '../support/suite.ts';

const SIZES = { labelled: 20, unlabelled: 30, test: 20 };
const ALL = { from: 0, to: 1_000 };

describe('a run into which data come', () => {
  const bench = useBench('suite');
  let run: RunHandle;
  let spec: RunSpecInput;
  let store: Store;

  /** Rows of the task's kind, of which some are its own. @returns the file */
  async function write(name: string, from: number, count: number, isLabelled: boolean) {
    const rows = Array.from({ length: count }, (_, index) => {
      const question = `the thing that has number ${from + index}`;
      const answer = goldAnswer(question, LABELS);
      return JSON.stringify({ question, ...(isLabelled && { answer }) });
    });
    await writeFile(join(bench.folder, name), `${rows.join('\n')}\n`);
    return name;
  }

  const until = async (isSo: (status: RunStatus) => boolean) => {
    for await (const { state, status } of run.follow()) {
      if (status && isSo(status)) return status;
      assert.equal(state, 'running');
    }
    throw new Error('it has ended');
  };
  const rounds = (count: number) => until(({ totals }) => totals.finished === count);

  const ordinalsOf = (answers: readonly Answer[]) =>
    [...new Set(answers.map(({ ordinal }) => ordinal))].sort((a, b) => a - b);

  before(async () => {
    await bench.startWorker();
    const fields: Partial<RunSpecInput> = { rounds: 4, next: {}, pool: 'new', earlier: 'keep' };
    spec = { ...(await writeTask(bench.folder, 'grows', SIZES)), ...fields };
    run = await bench.client.start(spec);
    store = await openStore(bench.config.store);
    await rounds(1);
  });

  const tables = async () => {
    const { data } = (await run.status()).status!;
    assert.ok(data);
    const [report] = await bench.reports('grows');
    return store.run('grows', report!.dataset);
  };

  it('asks about what has come and nothing else, and teaches what was selected before, too', async () => {
    const unlabelled = await write('more.jsonl', 1_000, 30, false);
    const known = await write('known.jsonl', 20, 5, false); // they are there already
    const arrived = await run.add({ unlabelled: [unlabelled, known], folder: bench.folder });
    assert.deepEqual(arrived.added, { labelled: 0, unlabelled: 30, test: 0 });
    assert.deepEqual((await run.next()).round, 2);
    await rounds(2);
    const answers = await (await tables()).answers({ round: 2, stage: 'collaborate', range: ALL });
    assert.deepEqual(
      ordinalsOf(answers),
      Array.from({ length: 30 }, (_, index) => 30 + index),
    );
    const [first, second] = await bench.reports('grows');
    assert.equal(second!.pseudoLabels.steps.asked, 30);
    assert.equal(second!.pseudoLabels.steps.keptRows, first!.pseudoLabels.count);
    const models = await store.models.list({ run: 'grows' });
    const evolved = models.find(({ role, round }) => role === 'semievol' && round === 2)!;
    const taught = first!.pseudoLabels.count + second!.pseudoLabels.count;
    assert.equal(evolved.trainingRows, SIZES.labelled + taught);
    assert.equal(evolved.base, first!.model, 'the final fine-tune starts from the base');
    // SFT has learned from the very same labelled examples: it was not trained again.
    assert.equal(models.filter(({ role }) => role === 'sft').length, 0);
    assert.equal(second!.models.sft, first!.models.sft);
    assert.equal(bench.provider.repeats('embeddings'), 0);
  });

  it('learns from labels that come, and no more from what is withdrawn', async () => {
    const labelled = await write('labels.jsonl', 1_000, 6, true); // of those that came unlabelled
    const arrived = await run.add({ labelled: [labelled], folder: bench.folder });
    assert.deepEqual(arrived.added, { labelled: 6, unlabelled: 0, test: 0 });
    assert.deepEqual(arrived.removed, { labelled: 0, unlabelled: 6, test: 0 });
    const withdrawn = await write('forget.jsonl', 0, 2, false);
    const without = await run.add({ withdrawn: [withdrawn], folder: bench.folder });
    assert.deepEqual(without.struck, { labelled: 2, unlabelled: 6, test: 0 });
    await run.next();
    await rounds(3);
    const models = await store.models.list({ run: 'grows' });
    const sft = models.find(({ role, round }) => role === 'sft' && round === 3)!;
    assert.equal(sft.trainingRows, SIZES.labelled + 6 - 2);
    const report = (await bench.reports('grows'))[2]!;
    assert.deepEqual(report.examples, { labelled: 24, unlabelled: 54, test: 20 });
    // Nothing unlabelled was new, so that all were asked about that are left.
    assert.equal(report.pseudoLabels.steps.asked, 60 - 6);
  });

  it('goes on from where it was when it is started again, though its files are gone', async () => {
    const { status: before } = await run.status();
    await run.cancel();
    await assert.rejects(run.result(), /cancelled/);
    for (const file of ['labelled', 'unlabelled', 'test'])
      await rm(join(bench.folder, `${file}.jsonl`));
    const [asked, jobs] = [bench.provider.requests({ kind: 'chat' }), bench.provider.jobs.all()];
    run = await bench.client.start(spec);
    const status = await until(({ waitsFor }) => waitsFor !== undefined);
    assert.deepEqual([status.totals, status.data], [before!.totals, before!.data]);
    assert.deepEqual([status.champion, status.latest], [before!.champion, before!.latest]);
    assert.equal(bench.provider.requests({ kind: 'chat' }).length, asked.length);
    assert.equal(bench.provider.jobs.all().length, jobs.length);
  });

  it('goes back to the model it began with, and starts from it', async () => {
    const { status } = await run.status();
    const model = 'smollm2-135m-instruct';
    if (status!.champion !== model)
      await run.setChampion({ model, name: 'an operator', reason: 'a test' });
    await run.next();
    const { totals } = await run.result();
    assert.equal(totals.finished, 4);
    const models = await store.models.list({ run: 'grows' });
    const warmUp = models.find(({ role, round }) => role === 'warm-up' && round === 4)!;
    assert.equal(warmUp.base, model);
    store.close();
  });
});
