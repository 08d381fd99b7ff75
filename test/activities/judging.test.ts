import assert from 'node:assert/strict';
import { afterEach, describe, it } from 'mocha';
import { checkJudge } from '../../activities/checkJudge.ts';
import { builtIn } from '../../core/registry.ts';
import type { Progress } from '../../core/status.ts';
import type { ModelRole } from '../../core/types.ts';
import { Trainers } from '../../providers/trainers/index.ts';
import type { ChatQuestion } from '../../testing/answers.ts';
import {
  attempt,
  environment,
  type Laboratory,
  MODEL,
  one,
  openLaboratory,
  ref,
} from './support.ts';

const GOLD = ['at noon', 'at night', 'never', 'at dawn'];
const examples = GOLD.flatMap((answer, ordinal) => [
  one('test', ordinal, { answer }),
  one('labelled', ordinal, { answer }),
]);
const range = { from: 0, to: GOLD.length };

/** Takes the word of the reference for right, wherever it stands, and is at a loss with "never". */
function judge(text: string): string {
  const [, wanted] = /<reference>\n(?:at )?(.*)\n<\/reference>/.exec(text)!;
  const [, given] = /<answer>\n(.*)\n<\/answer>/.exec(text)!;
  if (given!.includes('never')) return 'Who knows?';
  return `Verdict: ${given!.includes(wanted!) ? 'right' : 'wrong'}`;
}

describe('a judge', () => {
  let lab: Laboratory;
  afterEach(() => lab.close());

  /** @param says what the models answer to the test examples */
  async function open(says: string[]) {
    const answers = {
      chat: ({ text, model }: ChatQuestion) =>
        model === 'wise' ? judge(text) : says[Number(/\d+$/.exec(text)![0])],
    };
    lab = await openLaboratory({
      spec: { task: { type: 'free-form', answers: 'long' }, judge: { model: 'wise' } },
      examples,
      provider: { models: [MODEL, 'wise'], answers },
    });
  }
  const verdictsAsked = () => lab.provider.requests({ kind: 'chat', model: 'wise' }).length;
  const evaluate = async (role: ModelRole, round = 1, number = 1) => {
    const input = { ...ref, round, role, split: 'test' as const, model: MODEL, range };
    const { parts } = await attempt(lab.activities.evaluate, input, number);
    return parts.map(({ metric, got, of }) => [metric, got, of]);
  };

  it('grades what is not the gold answer itself, once for the same answer', async () => {
    await open(['At noon!', 'in the night', 'at dawn', 'never']);
    const scores = [['judged right', 2, 4]];
    assert.deepEqual(await evaluate('vanilla'), scores, 'one by itself, one by the judge');
    assert.equal(verdictsAsked(), 3);
    assert.deepEqual(await evaluate('vanilla', 1, 2), scores);
    assert.deepEqual(await evaluate('sft'), scores, 'another model that says the same');
    assert.deepEqual(await evaluate('vanilla', 2), scores, 'another round');
    assert.equal(verdictsAsked(), 3);
    const verdicts = await lab.tables.answers({ round: 2, stage: 'judge-vanilla', range });
    verdicts.sort((a, b) => a.ordinal - b.ordinal);
    assert.deepEqual(
      verdicts.map(({ ordinal, parsed, completionTokens }) => [ordinal, parsed, completionTokens]),
      [
        [1, '1', 0],
        [2, '0', 0],
        [3, null, 0],
      ],
    );
  });

  it('is asked beside what is counted: an example more is no more than its answer', async () => {
    await open(['At noon!', 'in the night', 'at dawn', 'never']);
    lab.provider.setFaults(({ body }) => (body?.model === 'wise' ? 'hang' : undefined));
    const surroundings = environment();
    const seen = new Promise<Progress>((resolve) => {
      surroundings.on('heartbeat', (progress: Progress) => {
        if (progress.note) resolve(progress);
      });
    });
    const input = {
      ...ref,
      round: 1,
      role: 'vanilla' as const,
      split: 'test' as const,
      model: MODEL,
      range,
    };
    const evaluating = surroundings.run(lab.activities.evaluate, input);
    const cancelled = assert.rejects(evaluating, { name: 'CancelledFailure' });
    const { done, total, unit, note } = await seen;
    assert.deepEqual([done, total, unit, note], [4, 4, 'examples', '0/3 verdicts']);
    surroundings.cancel();
    await cancelled;
  });

  it('is checked by gold answers, in the first round', async () => {
    await open([]);
    const { store, endpoints } = lab;
    const dependencies = {
      ...{ store, endpoints, trainers: new Trainers(), registry: builtIn },
      ...{ shutdownGraceMs: 500, trainingFolders: [], announce: {} },
    };
    const check = (round: number, models: string[]) =>
      attempt((names: string[]) => checkJudge(dependencies, { ...ref, round }, names), models);
    const found = await check(1, [MODEL]);
    const { gold, others, ...rest } = found!;
    assert.deepEqual(rest, { endpoint: 'local', model: 'wise', isPartial: false });
    assert.deepEqual([gold.got, gold.of], [3, 4]);
    assert.deepEqual([others.got, others.of], [3, 4], 'of one it says nothing');
    assert.equal(verdictsAsked(), 8);
    assert.deepEqual(await check(2, ['wise']), { ...found, isPartial: true });
    assert.equal(verdictsAsked(), 8);
  });
});
