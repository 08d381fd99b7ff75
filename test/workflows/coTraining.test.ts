import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { openStore } from '../../store/store.ts';
import type { Answers } from '../../testing/answers.ts';
import { goldAnswer } from '../../testing/model.ts';
import { LABELS } from '../../testing/task.ts';
import { writeTask } from '../support/stack.ts';
import { useBench } from '../support/suite.ts';

const questionOf = (text: string) => text.split('\n')[0]!;
const numberOf = (question: string) => Number(/\d+/.exec(question)![0]);
const isMissed = (question: string) => numberOf(question) % 5 === 2;

/** A fifth of the questions are answered wrong, and not so surely. */
const chat: Answers['chat'] = ({ text }) => {
  const question = questionOf(text);
  const gold = goldAnswer(question, LABELS);
  const wrong = LABELS[(LABELS.indexOf(gold) + 1) % LABELS.length]!;
  return isMissed(question) ? { text: wrong, entropy: 0.9 } : { text: gold, entropy: 0.1 };
};

/** What is of one class lies together, with some noise. */
const embedding = (text: string) => {
  const question = questionOf(text);
  if (!/\d/.test(question)) return undefined; // whether there is such a model was asked
  const place = LABELS.indexOf(goldAnswer(question, LABELS));
  return LABELS.map((_, index) =>
    index === place ? 1 : 0.3 * Math.sin(7 * numberOf(question) * (index + 1)),
  );
};

describe('a round with co-training', () => {
  const bench = useBench('test');
  const sizes = { labelled: 20, unlabelled: 100, test: 5 };
  const everything = { from: 0, to: sizes.unlabelled };

  async function run(name: string, changes: object) {
    const spec = await writeTask(bench.folder, name, sizes, {
      collaborators: [{ name: 'bare', shots: 0 }],
      ...{ resolution: 'auto', batch: { size: 30, window: 2 } },
      ...changes,
    });
    await bench.run(spec);
    const [report] = await bench.reports(name);
    const store = await openStore(bench.config.store);
    const tables = await store.run(name, report!.dataset);
    const labels = await tables.pseudoLabels(1, everything);
    const views = await tables.views({ round: 1, split: 'unlabelled', range: everything });
    store.close();
    return { report: report!, labels, views };
  }

  it('sets right what the collaborators missed, by what similar examples were called', async () => {
    bench.provider.setAnswers({ chat, embedding });
    const selection = { rule: 'paper', percentile: 100, score: 'probability' };
    const { report, labels, views } = await run('co-trained', { coTraining: true, selection });
    assert.equal(labels.length, sizes.unlabelled);
    assert.equal(views.size, sizes.unlabelled);
    for (const { shares } of views.values()) {
      const sum = Array.from(shares).reduce((total, share) => total + share);
      assert.ok(Math.abs(sum - 1) < 1e-9);
    }
    const { all } = report.pseudoLabels;
    assert.ok(all.got >= 95, `${all.got} of ${all.of} are right, and 80 were answered right`);
    const lifted = labels.filter(({ votes }) => votes === 0);
    assert.ok(lifted.length >= 15, 'nobody had given what is right');
    assert.ok(lifted.every(({ probability }) => probability! <= 0.5));
    assert.ok(report.seconds['co-train']! >= 0);
    assert.match(report.resolution.way, /probability/);
  });

  it('is left out where the spec does not want it', async () => {
    bench.provider.setAnswers({ chat, embedding });
    const { report, views } = await run('alone', {});
    assert.equal(report.pseudoLabels.all.got, 80);
    assert.equal(views.size, 0);
    assert.equal(report.seconds['co-train'], undefined);
  });
});
