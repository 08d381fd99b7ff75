import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it } from 'mocha';
import { runSpec } from '../../core/registry.ts';
import { openStore } from '../../store/store.ts';
import type { ChatQuestion } from '../../testing/answers.ts';
import { useBench } from '../support/suite.ts';

const MODEL = 'smollm2-135m-instruct';
const LABELS = ['red', 'round', 'sweet'];
const TEST = { from: 32, count: 24 };

/** The bits of a thing's number are its labels. */
const labelsOf = (thing: number) => LABELS.filter((_, index) => (thing >> index) & 1);
/** What an untrained model finds of them. */
const foundOf = (thing: number) => labelsOf(thing).slice(0, -1);

/** The labels of a thing, in one of the forms that models give them. */
function answerTo({ text, model }: ChatQuestion): string {
  const thing = Number(/thing (\d+)/.exec(text)![1]);
  const said = model === MODEL ? foundOf(thing) : labelsOf(thing);
  if (said.length === 0) return 'None of the labels apply.';
  const forms = [
    said.join(' and '),
    said.map((one) => `- ${one}`).join('\n'),
    JSON.stringify(said),
  ];
  return forms[thing % forms.length]!;
}

describe('a round on sets of labels', () => {
  const bench = useBench('suite');

  it('compares the models by each metric, and promotes by the first', async () => {
    bench.provider.setAnswers({ chat: answerTo });
    const write = async (split: string, from: number, count: number) => {
      const rows = Array.from({ length: count }, (_, at) =>
        JSON.stringify({ question: `thing ${from + at}`, answer: labelsOf(from + at) }),
      );
      const file = join(bench.folder, `${split}.jsonl`);
      await writeFile(file, `${rows.join('\n')}\n`);
      return file;
    };
    const spec = runSpec.parse({
      name: 'label-sets',
      task: { type: 'multi-label', labels: LABELS },
      data: {
        labelled: await write('labelled', 0, 12),
        unlabelled: await write('unlabelled', 12, 20),
        test: await write('test', TEST.from, TEST.count),
      },
      resolution: 'justify',
    });
    await bench.run(spec);
    const [report] = await bench.reports(spec.name);
    const [subset, f1] = report!.metrics;

    // Only those without a label are found by the untrained model: every eighth.
    assert.equal(subset!.name, 'subset accuracy');
    assert.deepEqual([subset!.values.base.got, subset!.values.base.of], [3, TEST.count]);
    assert.equal(subset!.values.semievol.value, 1);
    assert.deepEqual([subset!.comparison.test, subset!.comparison.pValue], ['mcnemar', 1]);
    assert.ok(report!.promoted);

    const things = Array.from({ length: TEST.count }, (_, at) => TEST.from + at);
    const sum = (of: (thing: number) => string[]) =>
      things.reduce((total, thing) => total + of(thing).length, 0);
    const { base, semievol } = f1!.values;
    assert.equal(f1!.name, 'micro F1');
    assert.deepEqual([base.got, base.of], [2 * sum(foundOf), sum(foundOf) + sum(labelsOf)]);
    assert.ok(base.low! < base.value! && base.value! < base.high! && base.high! < 1);
    assert.deepEqual([semievol.low, semievol.value, semievol.high], [1, 1, 1]);
    const comparison = { test: 'bootstrap', resamples: 10_000, pValue: 1 };
    assert.deepEqual(f1!.comparison, comparison, 'both are always right');
    assert.equal(report!.pseudoLabels.all.value, 1);

    const store = await openStore(bench.config.store);
    try {
      const recorded = await (await store.run(spec.name, report!.dataset)).evaluations(1);
      assert.deepEqual(
        recorded.filter(({ role }) => role === 'vanilla').map(({ metric, got }) => [metric, got]),
        [
          ['subset accuracy', 3],
          ['micro F1', base.got],
        ],
      );
    } finally {
      store.close();
    }
  });
});
