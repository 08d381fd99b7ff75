import assert from 'node:assert/strict';
import { afterEach, describe, it } from 'mocha';
import type { PseudoLabel } from '../../core/consensus.ts';
import type { ChatQuestion } from '../../testing/answers.ts';
import { answer } from '../store/support.ts';
import {
  attempt,
  type Laboratory,
  MODEL,
  models,
  one,
  openLaboratory,
  pool,
  ref,
} from './support.ts';

const collaborators = ['zeta', 'alpha', 'mid'].map((name) => ({ name, shots: 0 }));
/** What zeta, alpha and mid said to each example; entropies are 0.3, 0.2 and 0.1. */
const SAID = [
  ['a car', 'an automobile', 'a boat'],
  ['The car.', 'car', 'CAR'],
  ['a boat', null, 'a ship'],
  ['a tree', 'a cat', 'a ship'],
];
const range = { from: 0, to: SAID.length };
const input = { ...ref, pass: 'propagate' as const, range, models, way: 'vote' as const };

describe('agreement of answers that differ in their words', () => {
  let lab: Laboratory;
  afterEach(() => lab.close());

  async function open(agreement: string, more: object, answers: object) {
    lab = await openLaboratory({
      spec: { collaborators, task: { type: 'free-form', agreement }, resolution: 'vote', ...more },
      examples: pool('unlabelled', SAID.length),
      provider: { answers, models: [MODEL, 'all-minilm-l6-v2', 'wise'] },
    });
    await lab.tables.addAnswers(
      SAID.flatMap((texts, ordinal) =>
        texts.map((parsed, index) =>
          answer(ordinal, {
            exampleId: one('unlabelled', ordinal).id,
            collaborator: collaborators[index]!.name,
            parsed,
            entropy: (3 - index) / 10,
          }),
        ),
      ),
      1,
    );
  }
  async function labels(): Promise<[PseudoLabel['label'], agreed: boolean, votes: number][]> {
    const rows = await lab.tables.pseudoLabels(1, range);
    rows.sort((a, b) => a.ordinal - b.ordinal);
    return rows.map(({ label, agreed, votes }) => [label, agreed, votes]);
  }
  const FOUND = [
    ['an automobile', false, 2],
    ['CAR', true, 3],
    ['a ship', false, 2],
    ['a ship', false, 1],
  ];

  it('is found by embedding, once', async () => {
    const directions = ['car automobile', 'boat ship', 'tree', 'cat'];
    const embedding = (text: string) =>
      directions.map((words) => (words.split(' ').some((word) => text.includes(word)) ? 1 : 0));
    await open('embedding', {}, { embedding });
    const { agreed, disagreed, spent } = await attempt(lab.activities.justify, input);
    assert.deepEqual([agreed, disagreed], [1, 3]);
    // In the first example the surest of those who mean a car says so; in the last all votes are even.
    const found = await labels();
    assert.deepEqual(found.slice(0, 3), FOUND.slice(0, 3));
    assert.equal(found[3]![2], 1);
    assert.ok(spent.promptTokens > 0);
    const [row, ...others] = await lab.tables
      .spend(1)
      .then((all) => all.filter((one) => one.phase === 'group'));
    assert.equal(others.length, 0);
    assert.deepEqual([row!.model, row!.requests], ['all-minilm-l6-v2', 1]);

    const asked = lab.provider.requests().length;
    await attempt(lab.activities.justify, input, 2);
    assert.equal(lab.provider.requests().length, asked, 'a repetition asks nothing again');
  });

  it('is told by the judge, once, and is that of their words where it says nothing', async () => {
    const chat = ({ text, model }: ChatQuestion) => {
      assert.equal(model, 'wise');
      if (text.includes('automobile')) return 'The first two.\nGroups: 1, 2 | 3';
      return text.includes('tree') ? 'Who knows?' : 'Groups: 1, 2';
    };
    await open('judge', { judge: { model: 'wise' } }, { chat });
    const { agreed, disagreed } = await attempt(lab.activities.justify, input);
    assert.deepEqual([agreed, disagreed], [1, 3]);
    const found = await labels();
    assert.deepEqual(found.slice(0, 3), FOUND.slice(0, 3));
    assert.equal(found[3]![2], 1);
    const asked = lab.provider.requests({ kind: 'chat' });
    assert.equal(asked.length, 3, 'nothing where all say the same');
    const groups = await lab.tables.answers({ round: 1, stage: 'group', range });
    assert.deepEqual(
      groups.sort((a, b) => a.ordinal - b.ordinal).map(({ parsed }) => parsed),
      ['[0,0,1]', '[0,0]', null],
    );
    await attempt(lab.activities.justify, input, 2);
    assert.equal(lab.provider.requests({ kind: 'chat' }).length, 3);
  });

  it('has the justified answer chosen by its letter', async () => {
    const chat = ({ text }: ChatQuestion) => {
      if (text.includes('Groups:')) return 'Groups: 1, 2';
      return text.includes('- A. an automobile\n- B. a boat\n') ? 'It floats.\nAnswer: B' : 'No.';
    };
    await open('judge', { judge: { model: 'wise' }, resolution: 'justify' }, { chat });
    await attempt(lab.activities.justify, { ...input, way: 'justify' as const });
    assert.deepEqual((await labels())[0], ['a boat', false, 1]);
  });
});
