import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { LEAST_ROWS } from '../../core/resolution.ts';
import type { RunSpec } from '../../core/spec.ts';
import { usageOf } from '../../core/usage.ts';
import { openStore } from '../../store/store.ts';
import type { Answers } from '../../testing/answers.ts';
import { goldAnswer, textOf } from '../../testing/model.ts';
import { LABELS } from '../../testing/task.ts';
import { failedFor, writeTask } from '../support/stack.ts';
import { useBench } from '../support/suite.ts';
import { taughtBy } from './support.ts';

const collaborators = [
  { name: 'bare', shots: 0 },
  { name: 'nearest', shots: 2 },
];

/** A tenth of the questions, by their number, are too hard for whoever is asked. */
const isHard = (question: string) => Number(/\d+/.exec(question)![0]) % 10 === 3;
const wrong = (gold: string) => LABELS[(LABELS.indexOf(gold) + 1) % LABELS.length]!;
const questionOf = (text: string) => text.split('\n')[0]!;

describe('a round that is calibrated by labelled examples', () => {
  const bench = useBench('test');

  async function run(
    name: string,
    sizes: { labelled: number; unlabelled: number },
    changes: object,
  ) {
    const spec: RunSpec = await writeTask(
      ...([bench.folder, name, { ...sizes, test: 10 }] as const),
      { collaborators, batch: { size: 50, window: 2 }, ...changes },
    );
    await bench.run(spec);
    return bench.reports(name);
  }

  it('chooses the score that is best on cross-fitted examples, and keeps to it', async () => {
    // Who is wrong is as sure of it as who is right; but then the two do not agree.
    const chat: Answers['chat'] = ({ text, body: { messages } }) => {
      const question = questionOf(text);
      const gold = goldAnswer(question, LABELS);
      const isBare = messages.length === 2;
      const entropy = 0.1 + (Number(/\d+/.exec(question)![0]) % 7) / 10;
      return { text: isHard(question) && isBare ? wrong(gold) : gold, entropy };
    };
    bench.provider.setAnswers({ chat });
    const selection = { rule: 'paper', percentile: 50, score: 'auto' };
    const sizes = { labelled: LEAST_ROWS, unlabelled: 60 };
    const [report, next] = await run('auto', sizes, {
      ...{ selection, resolution: 'vote', rounds: 2 },
    });
    const { choice, calibration, rule } = report!.pseudoLabels;
    assert.match(choice.reason, /^of 5 scores it tells right from wrong best on 100 labelled/);
    assert.deepEqual([calibration!.source, calibration!.rows], ['cross-fit', LEAST_ROWS]);
    const byName = new Map(calibration!.scores.map((one) => [one.name, one]));
    assert.deepEqual(
      [...byName.keys()],
      [...['entropy', 'probability', 'votes', 'neighbours', 'combined']],
    );
    const best = byName.get(choice.score)!;
    for (const { auroc } of byName.values()) assert.ok(auroc! <= best.auroc!);
    assert.ok(best.auroc! > byName.get('entropy')!.auroc! + 0.1, 'entropy tells nothing here');
    assert.ok(best.againstGold!.rows > 0);
    assert.match(rule, choice.score === 'votes' ? /\(dissent up/ : /\(improbability up/);

    // What it cost: two more fine-tunes, and the answers to the labelled.
    const answers = collaborators.length * LEAST_ROWS;
    assert.equal(usageOf(report!.usage, 'cross-fit').requests, answers);
    assert.equal(usageOf(report!.usage, 'cross-fit-justify').requests, 0, 'the vote asks nothing');
    assert.ok(usageOf(report!.usage, 'fold-1').trainedTokens > 0);
    assert.match(report!.resolution.reason!, /the spec says/);

    assert.deepEqual(
      [next!.pseudoLabels.choice.score, next!.pseudoLabels.choice.reason],
      [choice.score, 'as in the first round'],
    );
    assert.equal(usageOf(next!.usage, 'cross-fit').requests, 0);
    assert.equal(next!.pseudoLabels.calibration, undefined);
  });

  it('goes by the probability of labels where labelled examples are too few to choose one', async () => {
    const [report] = await run(
      'auto-few',
      { labelled: 20, unlabelled: 20 },
      {
        selection: { rule: 'paper', score: 'auto' },
      },
    );
    const { choice, calibration, againstGold } = report!.pseudoLabels;
    assert.equal(choice.score, 'probability');
    assert.match(choice.reason, /^20 labelled examples are too few .* takes 100$/);
    assert.equal(calibration, undefined);
    assert.equal(againstGold!.length, 4, 'gold of the unlabelled is looked at all the same');
    assert.equal(usageOf(report!.usage, 'cross-fit').requests, 0);
  });

  it('keeps out what calibrates a rule: of warm-up and prompts, not of SFT and the last model', async () => {
    const chat: Answers['chat'] = ({ text }) => {
      const question = questionOf(text);
      const gold = goldAnswer(question, LABELS);
      return isHard(question) ? { text: wrong(gold), entropy: 2 } : { text: gold, entropy: 0.1 };
    };
    bench.provider.setAnswers({ chat });
    const name = 'held-out';
    const labelled = 120;
    const held = 48;
    const selection = { rule: 'calibrated', mode: 'expected', error: 0.05, share: 0.4 };
    const [report] = await run(
      name,
      { labelled, unlabelled: 80 },
      { selection, resolution: 'vote' },
    );

    const store = await openStore(bench.config.store);
    const everything = { from: 0, to: labelled };
    const tables = await store.run(name, report!.dataset);
    const dataset = store.dataset(report!.dataset);
    const answers = await tables.answers({ round: 1, stage: 'held-out', range: everything });
    const heldOut = new Set(answers.map(({ ordinal }) => ordinal));
    const examples = await dataset.range('labelled', everything);
    const neighbours = await tables.neighbours({
      ...{ round: 1, split: 'unlabelled', range: { from: 0, to: 80 } },
    });
    const ofHeldOut = await tables.neighbours({ round: 1, split: 'labelled', range: everything });
    const warmUp = (await store.models.list({ run: name })).find(({ role }) => role === 'warm-up')!;
    store.close();
    assert.equal(heldOut.size, held);
    assert.equal(answers.length, held * collaborators.length);
    assert.ok(
      answers.every(({ model }) => model === warmUp.name),
      'by the very model that answers the unlabelled',
    );

    // Training files: who has learned from them, and who has not.
    const questions = new Set([...heldOut].map((ordinal) => examples[ordinal]!.question));
    const heldIn = async (part: string) =>
      (await taughtBy(bench, part)).filter(({ messages }) =>
        questions.has(messages.at(-2)!.content),
      ).length;
    assert.equal(await heldIn('warm-up'), 0);
    assert.equal(warmUp.trainingRows, labelled - held);
    assert.equal(await heldIn('sft'), held);
    assert.equal((await taughtBy(bench, 'sft')).length, labelled);
    assert.equal(await heldIn('semievol'), held);
    assert.equal((await heldIn('sft-steps')) % held, 0);

    // Prompts: a worked example that is held out stands in none.
    for (const rows of [neighbours, ofHeldOut])
      for (const { labelled: near } of rows.values()) {
        assert.equal(near.length, 2);
        assert.ok(near.every((ordinal) => !heldOut.has(ordinal)));
      }
    assert.deepEqual([...ofHeldOut.keys()].toSorted(), [...heldOut].toSorted());
    const shown = bench.provider
      .requests({ kind: 'chat' })
      .flatMap(({ body }) => body.messages.slice(1, -1))
      .map(textOf)
      .filter((text) => questions.has(text));
    assert.deepEqual(shown, []);

    const { calibration, selected, count, rule } = report!.pseudoLabels;
    assert.deepEqual([calibration!.source, calibration!.rows], ['held-out', held]);
    const { promised, trueError, seenError } = calibration!;
    assert.equal(promised!.mode, 'expected');
    assert.ok(promised!.stated <= 0.05 && promised!.stated > 0, `${promised!.stated}`);
    assert.equal(trueError.of, count);
    assert.equal(trueError.got, count - selected.got);
    assert.equal(seenError.got, 0, 'the unsure are the wrong ones');
    assert.match(rule, /^calibrated, expected error up to 5 % \(entropy up to 0\.1/);
    assert.equal(report!.models.warmUp, warmUp.name);
    assert.ok(count > 40, `${count}: more than a median would`);
    assert.ok(usageOf(report!.usage, 'sft').trainedTokens > 0);
  });

  it('keeps what calibrates out of all models until the last round', async () => {
    const selection = { rule: 'calibrated', error: 0.2, share: 0.3 };
    bench.provider.setAnswers({ chat: ({ text }) => goldAnswer(questionOf(text), LABELS) });
    const sizes = { labelled: 40, unlabelled: 40 };
    const reports = await run('twice', sizes, { selection, resolution: 'vote', rounds: 2 });
    const store = await openStore(bench.config.store);
    const models = await store.models.list({ run: 'twice' });
    store.close();
    const rowsOf = (role: string, round: number) =>
      models.find((one) => one.role === role && one.round === round)!.trainingRows;
    const [first, last] = reports.map(({ pseudoLabels }) => pseudoLabels);
    assert.equal(rowsOf('semievol', 1), 28 + first!.count);
    assert.equal(rowsOf('semievol', 2), 40 + last!.count);
    for (const { calibration } of [first!, last!]) assert.equal(calibration!.rows, 12);
  });

  it('is refused where labelled examples are too few, before anything is spent', async () => {
    const cases = [
      [{ rule: 'calibrated', mode: 'guaranteed' }, /selection\.rule needs 147 .* there are 30/],
      [{ rule: 'calibrated', calibration: 'cross-fit' }, /selection\.rule needs 39 labelled/],
      [{ rule: 'paper', score: 'combined' }, /selection\.score needs 50 .* there are 30: label/],
      [{ rule: 'calibrated', error: 0.5, share: 0.95 }, /want 2 neighbours, but 1 labelled/],
    ] as const;
    for (const [index, [selection, message]] of cases.entries()) {
      const sizes = { labelled: 30, unlabelled: 10 };
      await assert.rejects(run(`few-${index}`, sizes, { selection }), (error: Error) => {
        assert.match(String((error.cause as Error).cause ?? error.cause), message);
        return failedFor('DataError')(error);
      });
    }
    assert.equal(bench.provider.jobs.all().length, 0);
    assert.equal(bench.provider.requests({ kind: 'embeddings' }).length, 0);
  });
});
