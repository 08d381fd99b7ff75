import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { LEAST_ROWS } from '../../core/resolution.ts';
import type { RunSpec } from '../../core/spec.ts';
import { usageOf } from '../../core/usage.ts';
import { openStore } from '../../store/store.ts';
import type { Answers } from '../../testing/answers.ts';
import { goldAnswer } from '../../testing/model.ts';
import { LABELS } from '../../testing/task.ts';
import { writeTask } from '../support/stack.ts';
import { useBench } from '../support/suite.ts';

/** Told apart by their temperatures. */
const collaborators = [
  { name: 'sure', shots: 0, temperature: 0.1 },
  { name: 'nearest', shots: 1, temperature: 0.2 },
  { name: 'second', shots: 1, skip: 1, temperature: 0.3 },
];
const changes = {
  ...{ resolution: 'auto', collaborators, batch: { size: 50, window: 2 } },
  justification: { temperature: 0.4 },
};

/** Two are right and unsure of it, one is wrong and sure, as is who justifies: the vote is best. */
const chat: Answers['chat'] = ({ text, body: { temperature } }) => {
  const question = text.split('\n')[0]!;
  const gold = goldAnswer(question, LABELS);
  const wrong = LABELS[(LABELS.indexOf(gold) + 1) % LABELS.length]!;
  if (temperature === 0.1) return { text: wrong, entropy: 0.01 };
  if (temperature === 0.2 || temperature === 0.3) return { text: gold, entropy: 2 };
  return temperature === 0.4 ? `Answer: ${wrong}` : undefined;
};

describe('a round that chooses how to resolve disagreement', () => {
  const bench = useBench('test');

  async function run(name: string, labelled: number, rounds = 1) {
    bench.provider.setAnswers({ chat });
    const sizes = { labelled, unlabelled: 20, test: 10 };
    const spec: RunSpec = await writeTask(bench.folder, name, sizes, { ...changes, rounds });
    await bench.run(spec);
    const [report, next] = await bench.reports(name);
    const store = await openStore(bench.config.store);
    try {
      const models = await store.models.list({ run: name });
      const range = { from: 0, to: labelled };
      const tables = await store.run(name, report!.dataset);
      const answers = await tables.answers({ round: 1, stage: 'cross-fit', range });
      return { report: report!, next, models, answers };
    } finally {
      store.close();
    }
  }

  it('compares the ways on labelled examples, and takes the best', async () => {
    const { report, next, models, answers } = await run('compared', LEAST_ROWS, 2);
    const { way, compared, reason } = report.resolution;
    assert.deepEqual([way, reason], ['vote', undefined]);
    assert.deepEqual([compared!.rows, compared!.disagreed], [LEAST_ROWS, LEAST_ROWS]);
    const { justify, probability, vote } = compared!.values;
    assert.deepEqual([justify.value, probability.value, vote.value], [0, 0, 1]);
    assert.equal(report.pseudoLabels.all.value, 1, 'the unlabelled are labelled by vote');

    // A model for each fold, which has learned from the others; all are asked by one of them.
    const folds = models.filter(({ role }) => role.startsWith('fold-'));
    assert.deepEqual(folds.map(({ role }) => role).sort(), ['fold-1', 'fold-2']);
    assert.equal(folds[0]!.trainingRows + folds[1]!.trainingRows, LEAST_ROWS);
    for (const { name, trainingRows } of folds) {
      const own = answers.filter(({ model }) => model === name);
      assert.equal(own.length, collaborators.length * (LEAST_ROWS - trainingRows));
    }
    const { seconds, usage } = report;
    for (const phase of ['fold-1', 'fold-2', 'cross-fit'] as const) assert.ok(seconds[phase]! >= 0);
    assert.equal(usageOf(usage, 'cross-fit').requests, collaborators.length * LEAST_ROWS);
    assert.equal(usageOf(usage, 'cross-fit-justify').requests, LEAST_ROWS);
    assert.ok(usageOf(usage, 'fold-1').trainedTokens > 0);
    assert.equal(usageOf(usage, 'justify').requests, 0, 'the vote asks nothing');

    // Its base may have learned from all labelled examples.
    assert.equal(next!.resolution.way, 'vote');
    assert.match(next!.resolution.reason!, /^as in the first round/);
    assert.equal(usageOf(next!.usage, 'cross-fit').requests, 0);
  });

  it('takes the probable with too few labelled examples, and says so', async () => {
    const { report, models, answers } = await run('too-few', 20);
    const { way, compared, reason } = report.resolution;
    assert.deepEqual([way, compared], ['probability', undefined]);
    assert.match(reason!, /^20 labelled examples are too few .* takes 100$/);
    assert.equal(report.pseudoLabels.all.value, 0, 'the one who is wrong is sure');
    assert.deepEqual(models.map(({ role }) => role).sort(), ['semievol', 'sft-steps', 'warm-up']);
    assert.equal(answers.length, 0);
    for (const phase of ['justify', 'cross-fit-justify'])
      assert.equal(usageOf(report.usage, phase).requests, 0);
  });
});
