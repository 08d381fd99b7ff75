import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'mocha';
import type { PseudoLabel } from '../../core/consensus.ts';
import type { Pass } from '../../core/passes.ts';
import type { Way } from '../../core/resolution.ts';
import { answer } from '../store/support.ts';
import { attempt, type Laboratory, models, one, openLaboratory, pool, ref } from './support.ts';

const range = { from: 0, to: 4 };
const input = { ...ref, pass: 'propagate' as Pass, range, models, way: 'justify' as Way };
const collaborators = ['zeta', 'alpha', 'mid'].map((name) => ({ name, shots: 0 }));

/** What zeta, alpha and mid said to each example; entropies are 0.1, 0.2 and 0.3. */
const AGREED = ['plant', 'plant', 'plant'];
const SPLIT = ['food', 'plant', 'plant'];
const TIE = ['person', 'animal', null];
const UNREADABLE = [null, null, null];
const SAID = [AGREED, SPLIT, TIE, UNREADABLE];
/** How probable each of that was. */
const PROBABILITIES = [
  [0.25, 0.75, 0.5],
  [0.9, 0.25, 0.25],
  [0.25, 0.5, 0.1],
  [0.1, 0.1, 0.1],
];

describe('justify', () => {
  let lab: Laboratory;
  beforeEach(async () => {
    lab = await openLaboratory({ spec: { collaborators }, examples: pool('unlabelled', 6) });
    const answers = SAID.flatMap((texts, ordinal) =>
      texts.map((parsed, index) =>
        answer(ordinal, {
          exampleId: one('unlabelled', ordinal).id,
          collaborator: collaborators[index]!.name,
          parsed,
          entropy: (index + 1) / 10,
          probability: PROBABILITIES[ordinal]![index]!,
        }),
      ),
    );
    // In an order of arrival that is not the spec's.
    await lab.tables.addAnswers(answers.reverse(), 1);
  });
  afterEach(() => lab.close());

  const asked = () => lab.provider.requests({ kind: 'chat' }).length;
  async function labels(): Promise<PseudoLabel[]> {
    const rows = await lab.tables.pseudoLabels(1, range);
    return rows.sort((a, b) => a.ordinal - b.ordinal);
  }
  const says = (content: string) => {
    const choices = [{ message: { content }, logprobs: { content: [{ logprob: -2 }] } }];
    lab.provider.setFaults(() => ({ status: 200, body: { choices } }));
  };

  it('asks only where the collaborators disagreed, and shows their answers', async () => {
    const sent: string[] = [];
    lab.provider.setFaults(({ body }) => {
      const messages = body!.messages as { content: string }[];
      sent.push(messages.at(-1)!.content);
      return undefined;
    });
    const { agreed, disagreed } = await attempt(lab.activities.justify, input);
    assert.deepEqual([agreed, disagreed], [1, 2]);
    assert.equal(sent.length, 2);
    const about = (ordinal: number) =>
      sent.find((one) => one.startsWith(`unlabelled question ${ordinal}`));
    assert.match(about(1)!, /Candidate answers:\n- plant\n- food\n\n/, 'most votes first');
    assert.match(about(2)!, /Candidate answers:\n- person\n- animal\n\n/, "then the spec's order");
  });

  it('labels by agreement, or by what was justified', async () => {
    says('It eats.\nAnswer: food');
    await attempt(lab.activities.justify, input);
    const [agreed, split, tie, unreadable] = await labels();
    const { exampleId, ...rest } = agreed!;
    assert.equal(exampleId, one('unlabelled', 0).id);
    assert.ok(Math.abs(rest.entropy! - 0.2) < 1e-12);
    assert.deepEqual(
      { ...rest, entropy: 0.2 },
      {
        round: 1,
        ordinal: 0,
        label: 'plant',
        agreed: true,
        entropy: 0.2,
        probability: 0.5,
        neighbours: null,
        response: null,
        votes: 3,
        collaborators: 3,
      },
    );
    assert.deepEqual([split!.label, split!.entropy, split!.votes], ['food', (0.1 + 2) / 2, 1]);
    assert.deepEqual([tie!.label, tie!.agreed], ['person', false], 'food was no candidate');
    assert.deepEqual([unreadable!.label, unreadable!.entropy], [null, null]);
  });

  it('without a readable justification takes most votes, then the order of the spec', async () => {
    says('I would rather not.');
    await attempt(lab.activities.justify, input);
    const [, split, tie] = await labels();
    assert.deepEqual([split!.label, split!.votes, split!.entropy], ['plant', 2, 0.25]);
    assert.deepEqual([tie!.label, tie!.votes, tie!.entropy], ['person', 1, 0.1]);
  });

  it('asks nothing in the ways that need no justification', async () => {
    const { disagreed } = await attempt(lab.activities.justify, { ...input, way: 'probability' });
    assert.equal(disagreed, 2);
    // Food is likelier than plant and plant, animal is likelier than person.
    const given = (await labels()).map(({ label }) => label);
    assert.deepEqual(given, ['plant', 'food', 'animal', null]);
    assert.equal(asked(), 0);
  });

  it('goes by those that were there', async () => {
    const answers = [
      ['food', 'plant', null],
      [null, 'plant', null],
    ].flatMap((said, index) =>
      said.map((parsed, place) =>
        answer(4 + index, {
          exampleId: one('unlabelled', 4 + index).id,
          collaborator: collaborators[place]!.name,
          parsed,
          ...(parsed === null && { finishReason: 'away', entropy: null }),
        }),
      ),
    );
    await lab.tables.addAnswers(answers, 1);
    const late = { from: 4, to: 6 };
    await attempt(lab.activities.justify, { ...input, range: late, way: 'vote' });
    const rows = await lab.tables.pseudoLabels(1, late);
    assert.deepEqual(
      rows.map((row) => [row.label, row.agreed, row.votes, row.collaborators]),
      [
        ['food', false, 1, 2],
        ['plant', true, 1, 1],
      ],
    );
  });

  it('keeps how far the labelled neighbours bear the label out', async () => {
    await lab.close();
    const gold = ['plant', 'food', 'plant'];
    const labelled = gold.map((answer, ordinal) => one('labelled', ordinal, { answer }));
    const examples = [...labelled, ...pool('unlabelled', 1)];
    lab = await openLaboratory({ spec: { collaborators }, examples });
    const { id: exampleId } = one('unlabelled', 0);
    const split = 'unlabelled' as const;
    await lab.tables.addNeighbours([
      {
        round: 1,
        split,
        ordinal: 0,
        exampleId,
        labelled: [0, 1, 2],
        similarities: [0.5, 0.25, 0.25],
      },
    ]);
    const said = AGREED.map((parsed, index) =>
      answer(0, { exampleId, collaborator: collaborators[index]!.name, parsed }),
    );
    await lab.tables.addAnswers(said, 1);
    await attempt(lab.activities.justify, { ...input, range: { from: 0, to: 1 } });
    assert.deepEqual([(await labels())[0]!.neighbours, asked()], [0.75, 0]);
  });

  it('asks nothing twice, and leaves what it has decided', async () => {
    says('Answer: food');
    await attempt(lab.activities.justify, input);
    const before = await labels();
    says('Answer: plant');
    assert.equal((await attempt(lab.activities.justify, input, 2)).disagreed, 2);
    assert.equal(asked(), 2);
    assert.deepEqual(await labels(), before);
  });
});
