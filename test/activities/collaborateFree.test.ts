import assert from 'node:assert/strict';
import { afterEach, describe, it } from 'mocha';
import { z } from 'zod';
import type { Answer } from '../../core/answer.ts';
import { defineCollaborator, type Opinion } from '../../core/collaborators/kind.ts';
import type { Pass } from '../../core/passes.ts';
import { Registry } from '../../core/registry.ts';
import type { Example } from '../../core/types.ts';
import { failedFor } from '../support/stack.ts';
import {
  attempt,
  environment,
  type Laboratory,
  one,
  openLaboratory,
  pool,
  ref,
} from './support.ts';

const range = { from: 0, to: 10 };
const input = { ...ref, pass: 'propagate' as Pass, range };

describe('collaborateFree', () => {
  let lab: Laboratory;
  afterEach(() => lab.close());

  /** Whatever a test lets it say. */
  let say: (x: Omit<Example, 'answer'>, signal: AbortSignal) => Opinion | Promise<Opinion>;
  let asked: Omit<Example, 'answer'>[] = [];
  const parrot = defineCollaborator({
    spec: z.strictObject({ type: z.literal('parrot') }),
    create: () => ({
      answer(x, _, signal) {
        asked.push(x);
        return say(x, signal);
      },
    }),
  });
  const open = async (collaborators: object[], more: object = {}) => {
    asked = [];
    const examples = [...pool('labelled', 6), ...pool('unlabelled', 10)];
    const registry = new Registry({ collaborators: [parrot] });
    lab = await openLaboratory({ spec: { collaborators, ...more }, examples, registry });
  };
  const own = [{ type: 'parrot', name: 'own' }];
  const stored = (): Promise<Answer[]> =>
    lab.tables.answers({ round: 1, stage: 'collaborate', range });

  it('lets the nearest labelled examples vote, and asks nobody', async () => {
    await open([{ type: 'neighbours', name: 'vote', neighbours: 3 }, { name: 'model' }]);
    const near = (ordinal: number, labelled: number[], similarities: number[]) => {
      const { id: exampleId } = one('unlabelled', ordinal);
      return { round: 1, split: 'unlabelled' as const, ordinal, exampleId, labelled, similarities };
    };
    // The fourth would turn the vote, were it asked.
    await lab.tables.addNeighbours([
      near(0, [2, 0, 1, 3], [0.5, 0.25, 0.25, 0.9]),
      near(1, [], []),
    ]);
    await attempt(lab.activities.collaborateFree, input);
    const [first, ...others] = await stored();
    const weights = new Map<string, number>();
    for (const [index, weight] of [
      [2, 0.5],
      [0, 0.25],
      [1, 0.25],
    ] as const) {
      const answer = one('labelled', index).answer!;
      weights.set(answer, (weights.get(answer) ?? 0) + weight);
    }
    const [[answer, share]] = [...weights].sort((a, b) => b[1] - a[1]) as [[string, number]];
    const { parsed, entropy, text, collaborator, model, endpoint, promptTokens } = first!;
    assert.deepEqual([parsed, text, collaborator, model], [answer, answer, 'vote', 'neighbours']);
    assert.equal(entropy, 0 - Math.log(share));
    assert.deepEqual([endpoint, promptTokens], ['', 0]);
    assert.equal(others.length, 9, 'the model is not asked here');
    assert.ok(others.every((other) => other.parsed === null && other.entropy === null));
    assert.equal(lab.provider.requests({}).length, 0);
    assert.deepEqual(await lab.tables.spend(1), [], 'it cost nothing');
  });

  it('reads what a module of a user says as an answer of the data', async () => {
    await open(own);
    const opinions: Opinion[] = [
      { answer: ' Plant', probability: 0.5, text: 'It grows.' },
      { answer: 'ANIMAL' },
      { answer: 'furniture', probability: 1 },
      { answer: null, probability: 0.5 },
    ];
    say = ({ question }) => opinions[Number(question.at(-1)) % opinions.length]!;
    await attempt(lab.activities.collaborateFree, { ...input, range: { from: 0, to: 4 } });
    assert.deepEqual(
      (await stored()).map(({ parsed, entropy, text, probability }) => [
        parsed,
        entropy,
        text,
        probability,
      ]),
      [
        ['plant', Math.log(2), 'It grows.', 0.5],
        ['animal', null, 'animal', null],
        [null, null, 'furniture', null],
        [null, null, '', null],
      ],
    );
    assert.ok(
      asked.every((x) => !('answer' in x)),
      'it never sees a gold answer',
    );
  });

  it('answers the labelled in cross-fitting, and never sees what they are labelled', async () => {
    await open(own);
    say = () => ({ answer: 'plant' });
    const labelled = { from: 0, to: 6 };
    await attempt(lab.activities.collaborateFree, { ...ref, pass: 'cross-fit', range: labelled });
    assert.deepEqual(
      asked.map(({ question }) => question),
      pool('labelled', 6).map(({ question }) => question),
    );
    assert.ok(asked.every((x) => !('answer' in x)));
    const of = { round: 1, stage: 'cross-fit', range: labelled } as const;
    assert.equal((await lab.tables.answers(of)).length, 6);
    assert.deepEqual(await stored(), []);
  });

  it('keeps what was said first, and asks after a failure only for what is missing', async () => {
    await open(own);
    say = ({ id }) => {
      if (id === one('unlabelled', 7).id) throw new RangeError('a text of the example');
      return { answer: 'plant' };
    };
    await assert.rejects(attempt(lab.activities.collaborateFree, input), (error: Error) => {
      assert.ok(failedFor('CollaboratorFailed')(error));
      assert.match(
        error.message,
        /"own" \(parrot\) failed on unlabelled example 7 with RangeError/,
      );
      assert.doesNotMatch(error.message, /a text/);
      return true;
    });
    const first = await stored();
    assert.ok(first.length >= 7 && first.length < 10);

    asked = [];
    say = () => ({ answer: 'food' });
    await attempt(lab.activities.collaborateFree, input, 2);
    assert.equal(asked.length, 10 - first.length);
    assert.deepEqual((await stored()).slice(0, 7), first.slice(0, 7));
    await attempt(lab.activities.collaborateFree, input, 3);
    assert.equal(asked.length, 10 - first.length);
  });

  for (const [what, opinion] of [
    ['a probability that is none', { answer: 'plant', probability: 0 }],
    ['an answer that is no text', { answer: 3 }],
    ['nothing', undefined],
  ] as const)
    it(`fails, instead of storing it, where a module says ${what}`, async () => {
      await open(own);
      say = () => opinion as never;
      await assert.rejects(
        attempt(lab.activities.collaborateFree, input),
        failedFor('CollaboratorFailed'),
      );
      assert.deepEqual(await stored(), []);
    });

  it('gives up what is under way when it is cancelled, whatever the module does', async () => {
    await open(own);
    const hanging = Promise.withResolvers<AbortSignal>();
    say = (_, signal) => {
      hanging.resolve(signal);
      return new Promise(() => {});
    };
    const surroundings = environment();
    const running = surroundings.run(lab.activities.collaborateFree, input);
    const signal = await hanging.promise;
    surroundings.cancel();
    await assert.rejects(running, /CANCEL/i);
    assert.ok(signal.aborted);
  });
});
