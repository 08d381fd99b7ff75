import assert from 'node:assert/strict';
import fc from 'fast-check';
import { describe, it } from 'mocha';
import { z } from 'zod';
import { defineCollaborator } from '../../core/collaborators/kind.ts';
import { vote } from '../../core/collaborators/neighbours.ts';
import { freeCollaborators, modelCollaborators } from '../../core/collaborators/ofSpec.ts';
import { builtIn, nameClashes, Registry } from '../../core/registry.ts';
import type { Shot } from '../../core/types.ts';

const least = {
  name: 'run',
  task: { type: 'classification', labels: ['animal', 'plant'] },
  data: { labelled: 'l.csv', unlabelled: 'u.csv', test: 't.csv' },
};
const equal = (a: string, b: string) => a.toLowerCase() === b.toLowerCase();

describe('the vote of labelled neighbours', () => {
  const voted = (...votes: [answer: string, weight: number][]) =>
    vote(
      votes.map(([answer, weight]) => ({ answer, weight })),
      equal,
    );

  it('is for the answer of the most weight, with its share of it', () => {
    const said = voted(['plant', 0.75], ['animal', 0.5], ['Animal', 0.5], ['food', 0.25]);
    assert.deepEqual(said, { answer: 'animal', probability: 0.5 });
    assert.deepEqual(voted(['plant', 0.1]), { answer: 'plant', probability: 1 });
  });

  it('goes to the nearest where there is a tie', () => {
    assert.equal(voted(['b', 0.5], ['a', 0.25], ['a', 0.25]).answer, 'b');
    assert.equal(voted(['a', 0.25], ['b', 0.25]).answer, 'a');
  });

  it('says nothing without neighbours, or with none that is like the example', () => {
    assert.deepEqual(voted(), { answer: null });
    assert.deepEqual(voted(['a', 0], ['b', 0]), { answer: null });
  });

  const one = fc.record({
    answer: fc.constantFrom('a', 'A', 'b', 'c'),
    // Sums of these are exact.
    weight: fc.integer({ min: 0, max: 64 }).map((parts) => parts / 64),
  });
  const votes = fc.array(one, { maxLength: 12 });

  it('has a probability above 0 and up to 1, at least its fair share', () => {
    fc.assert(
      fc.property(votes, (given) => {
        const { answer, probability } = vote(given, equal);
        assert.equal(answer === null, probability === undefined);
        if (probability === undefined) return;
        assert.ok(probability > 0 && probability <= 1);
        const answers = new Set(given.map((of) => of.answer.toLowerCase()));
        assert.ok(probability >= 1 / answers.size);
      }),
    );
  });

  it('does not depend on the order of equally near neighbours, but in a tie', () => {
    const shuffled = votes.chain((given) =>
      fc.tuple(
        fc.constant(given),
        fc.shuffledSubarray(given, { minLength: given.length, maxLength: given.length }),
      ),
    );
    fc.assert(
      fc.property(shuffled, ([given, other]) => {
        const [first, second] = [vote(given, equal), vote(other, equal)];
        assert.equal(first.probability, second.probability);
        if ((first.probability ?? 0) > 0.5) assert.ok(equal(first.answer!, second.answer!));
      }),
    );
  });

  it('is never less sure of its answer for one more neighbour that has it', () => {
    fc.assert(
      fc.property(votes, one, (given, { weight }) => {
        const { answer, probability } = vote(given, equal);
        if (answer === null) return;
        const more = vote([...given, { answer, weight }], equal);
        assert.ok(equal(more.answer!, answer) && more.probability! >= probability!);
      }),
    );
  });
});

describe('neighbours as a collaborator', () => {
  const collaboratorFor = (task: object) => {
    const collaborators = [{ type: 'neighbours', name: 'vote' }];
    const spec = builtIn.runSpec.parse({ ...least, task: task as never, collaborators });
    const [free] = freeCollaborators(spec);
    assert.equal(free!.neighbours, 5);
    return builtIn.collaborator(free!, builtIn.task(spec.task));
  };
  const { signal } = new AbortController();
  const labelled = (answer: string, similarity: number, options?: string[]) => ({
    example: { id: answer, question: 'q', answer, options } as Shot,
    similarity,
  });

  it('vote by the equality of the task', async () => {
    const { answer } = collaboratorFor(least.task);
    const neighbours = [labelled('plant', 0.5), labelled('animal', 0.25), labelled('ANIMAL', 0.5)];
    const said = await answer({ id: 'x', question: 'q' }, neighbours, signal);
    assert.deepEqual(said, { answer: 'animal', probability: 0.6 });
  });

  it('vote for the text of an option, whatever its letter', async () => {
    const { answer } = collaboratorFor({ type: 'multiple-choice' });
    const x = { id: 'x', question: 'q', options: ['up', 'down', 'level'] };
    const neighbours = [
      labelled('A', 1, ['Down', 'up']),
      labelled('A', 0.5, ['up', 'down']),
      labelled('B', 1, ['sideways', 'back']),
    ];
    const said = await answer(x, neighbours, signal);
    assert.deepEqual(said, { answer: 'B', probability: 2 / 3 });
    const strange = [labelled('B', 1, ['sideways', 'back'])];
    assert.deepEqual(await answer(x, strange, signal), { answer: null });
  });
});

describe('the collaborators of a spec', () => {
  const shout = defineCollaborator({
    spec: z.strictObject({ type: z.literal('shout'), loud: z.boolean().default(true) }),
    create: ({ loud }) => ({ answer: () => ({ answer: loud ? 'PLANT' : 'plant' }) }),
  });
  const own = new Registry({ collaborators: [shout] });
  const collaborators = [
    { name: 'bare', shots: 0 },
    { type: 'neighbours', name: 'vote', neighbours: 7 },
    { type: 'shout', name: 'shout' },
  ];

  it('are models unless they name another kind', () => {
    const spec = own.runSpec.parse({ ...least, collaborators });
    assert.deepEqual(
      modelCollaborators(spec).map(({ name, shots }) => [name, shots]),
      [['bare', 0]],
    );
    assert.deepEqual(freeCollaborators(spec), [
      { type: 'neighbours', name: 'vote', neighbours: 7 },
      { type: 'shout', name: 'shout', loud: true },
    ]);
    assert.deepEqual(own.runSpec.parse(spec), spec, 'it is read again with the same result');
    const task = own.task(spec.task);
    const [one] = freeCollaborators(spec);
    assert.equal(own.collaborator(one!, task), own.collaborator(one!, task), 'it is made once');
  });

  it('are refused by their kind, their fields and their names', () => {
    const problems = (collaborator: object) => {
      const given = { ...least, collaborators: [collaborators[0], collaborator] } as never;
      return String(own.runSpec.safeParse(given).error);
    };
    assert.match(problems({ type: 'whisper', name: 'a' }), /'model' .*'neighbours' .*'shout'/);
    assert.match(problems({ type: 'shout', name: 'a', neighbours: 2 }), /"neighbours"/);
    assert.match(problems({ type: 'neighbours', name: 'a', neighbours: 0 }), /too_small/);
    assert.match(problems({ type: 'shout', name: 'bare' }), /names must differ/);
  });

  it('of a user have names of their own', () => {
    const named = (type: string) => ({ ...shout, spec: z.strictObject({ type: z.literal(type) }) });
    const clashes = nameClashes({ collaborators: [named('model'), shout, named('neighbours')] });
    assert.deepEqual(
      clashes.map(({ path }) => path),
      [
        ['collaborators', 0],
        ['collaborators', 2],
      ],
    );
  });
});
