import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { runSpec } from '../../core/registry.ts';
import { usageOf } from '../../core/usage.ts';
import { openStore } from '../../store/store.ts';
import { failedFor, writeTask } from '../support/stack.ts';
import { useBench } from '../support/suite.ts';

const sizes = { labelled: 10, unlabelled: 40, test: 10 };
const everything = { from: 0, to: sizes.unlabelled };

describe('a round that bounds and weights its selection', () => {
  const bench = useBench('test');

  it('asks about the candidates alone, embeds them for their duplicates, and trains as it weights', async () => {
    const written = await writeTask(bench.folder, 'bounded', sizes);
    const spec = runSpec.parse({
      ...written,
      retrieval: { mode: 'bm25' },
      selection: {
        ...{ rule: 'paper', percentile: 100, candidates: 20, atMost: 12 },
        ...{ nearDuplicates: 0.99999, balance: 'cap', confidentWeight: 2 },
      },
      evolve: { labelledWeight: 3 },
    });
    await bench.run(spec);
    const [report] = await bench.reports(spec.name);
    const { count, steps, classes, agreement } = report!.pseudoLabels;
    assert.equal(report!.examples.unlabelled, 40);
    assert.deepEqual([steps.asked, steps.kept], [20, 20]);
    assert.ok(count <= 12 && count >= 5);
    assert.ok(agreement >= 0 && agreement <= 1);
    for (const { selected } of classes.counts) assert.ok(selected <= Math.ceil(12 / 5));
    assert.equal(usageOf(report!.usage, 'collaborate').requests, 4 * 20);

    const store = await openStore(bench.config.store);
    try {
      const dataset = store.dataset(report!.dataset);
      const embedded = (split: 'labelled' | 'unlabelled') =>
        dataset.vectors(spec.embedding.name, split, everything);
      assert.equal((await embedded('unlabelled')).size, 20);
      assert.equal((await embedded('labelled')).size, 0, 'words find the neighbours');
      const models = await store.models.list({ run: spec.name });
      const rowsOf = new Map(models.map(({ role, trainingRows }) => [role, trainingRows]));
      assert.equal(steps.rows, count + Math.ceil(count / 2));
      assert.equal(rowsOf.get('semievol'), 3 * sizes.labelled + steps.rows);
      const equalSteps = Math.round(rowsOf.get('semievol')! / sizes.labelled);
      assert.equal(rowsOf.get('sft-steps'), equalSteps * sizes.labelled);
    } finally {
      store.close();
    }
  });

  it('does not begin where more are wanted exactly than there are examples', async () => {
    const written = await writeTask(bench.folder, 'too-many', sizes);
    const spec = runSpec.parse({ ...written, selection: { rule: 'paper', exactly: 41 } });
    const before = bench.provider.jobs.all().length;
    await assert.rejects(bench.run(spec), failedFor('DataError'));
    assert.equal(bench.provider.jobs.all().length, before);
  });
});
