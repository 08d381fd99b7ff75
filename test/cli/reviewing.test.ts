import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { reviewAll, sittingText } from '../../cli/reviewing.ts';
import type { Judgement } from '../../core/review/review.ts';
import type { ToReview } from '../../core/review/shown.ts';

const toReview = (ordinal: number): ToReview => ({
  ...{ split: 'unlabelled', ordinal, exampleId: `${ordinal}`, position: ordinal },
  example: {
    ...{ id: `${ordinal}`, split: 'unlabelled', ordinal },
    question: `question ${ordinal}\u001b[2J`,
  },
  candidates: [],
  choices: ['food', 'plant'].map((answer) => ({ answer, text: answer })),
  teaching: { disagreement: 0.5, nearness: 1 },
});
const NONE = { labelled: 0, unlabelled: 0, test: 0 };

/** A desk with two batches, and a reviewer who presses keys. */
async function sit(...keys: string[]) {
  const batches = [[toReview(0), toReview(1)], [toReview(2)]];
  const said: string[] = [];
  const written: string[] = [];
  const desk = {
    take: async () => batches.shift() ?? [],
    read: (text: string) =>
      text.startsWith('!') ? { problem: `answer "${text}" is not one` } : { answer: text },
    async say({ ordinal }: ToReview, judgement: Judgement) {
      said.push(`${ordinal} ${'answer' in judgement ? judgement.answer : judgement.verdict}`);
    },
    async handIn() {
      said.push('handed in');
      const added = { ...NONE, labelled: 1 };
      return { dataset: 'd', segment: 1, counts: NONE, struck: NONE, added, removed: NONE };
    },
  };
  const input = { key: async () => keys.shift(), line: async () => keys.shift() };
  const sitting = await reviewAll(desk, input, (text) => written.push(text));
  return { said, sitting, screen: written.join('\n') };
}

describe('A sitting of reviews', () => {
  it('asks one after the other, and hands over batch by batch', async () => {
    const { said, sitting, screen } = await sit('2', 's', 'b');
    assert.deepEqual(said, ['0 plant', '1 skip', 'handed in', '2 bad', 'handed in']);
    const { answers, bad, skipped } = sitting;
    assert.deepEqual({ answers, bad, skipped }, { answers: 1, bad: 1, skipped: 1 });
    assert.match(screen, /1 of 2/);
    assert.match(screen, /question 0\\u\{1b\}\[2J/, 'the terminal obeys nothing of it');
    assert.match(sittingText(sitting), /1 answered, 1 bad, 1 skipped\. .* 2 more rows/);
  });

  it('goes back within a batch, and takes back what was said', async () => {
    const { said, sitting } = await sit('u', '1', 'u', '2', '1', 'q');
    assert.deepEqual(said, ['0 food', '0 undo', '0 plant', '1 food', 'handed in', 'handed in']);
    assert.equal(sitting.answers, 2);
  });

  it('takes typed answers, and says what is wrong with them', async () => {
    const { said, screen } = await sit('e', '!', 'x', 'e', 'a rose', 'a whole line', 'q');
    assert.deepEqual(said, ['0 a rose', '1 a whole line', 'handed in', 'handed in']);
    assert.match(screen, /answer "!" is not one/);
  });

  it('ends with the keyboard, and keeps what was said', async () => {
    const { said, sitting } = await sit('1');
    assert.deepEqual(said, ['0 food', 'handed in']);
    assert.equal(sitting.answers, 1);
  });
});
