import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { openStore } from '../../store/store.ts';
import { writeTask } from '../support/stack.ts';
import { useBench } from '../support/suite.ts';

describe('a round with several warm-ups', () => {
  const bench = useBench('test');

  it('fine-tunes each with a seed of its own, and asks each for its collaborator', async () => {
    const name = 'warm-ups';
    const spec = await writeTask(
      bench.folder,
      name,
      { labelled: 10, unlabelled: 20, test: 5 },
      {
        seed: 7,
        collaborators: [
          { name: 'first', shots: 0 },
          { name: 'third', model: 'warm-up-3', shots: 0 },
        ],
        resolution: 'probability',
      },
    );
    await bench.run(spec);
    const store = await openStore(bench.config.store);
    const models = (await store.models.list({ run: name })).filter(
      ({ role }) => role === 'warm-up',
    );
    const [report] = await bench.reports(name);
    const answers = await (await store.run(name, report!.dataset)).answers({
      ...{ round: 1, stage: 'collaborate', range: { from: 0, to: 20 } },
    });
    store.close();

    const seedOf = (model: string) => {
      const job = bench.provider.jobs.all().find((one) => one.fine_tuned_model === model);
      return job!.seed;
    };
    const bySeed = new Map(models.map((model) => [seedOf(model.name), model.name]));
    assert.deepEqual([...bySeed.keys()].toSorted(), [7, 8, 9], 'those before the third, too');
    const askedFor = (collaborator: string) => [
      ...new Set(
        answers.filter((one) => one.collaborator === collaborator).map((one) => one.model),
      ),
    ];
    assert.deepEqual(askedFor('first'), [bySeed.get(7)]);
    assert.deepEqual(askedFor('third'), [bySeed.get(9)]);
    assert.equal(report!.models.warmUp, bySeed.get(7), 'the first is the baseline');
    assert.ok(report!.seconds['warm-up-3']! >= 0);
    assert.equal(report!.seconds['warm-up-4'], undefined);
  });
});
