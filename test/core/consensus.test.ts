import assert from 'node:assert/strict';
import fc from 'fast-check';
import { describe, it } from 'mocha';
import { consensus, pseudoLabel, type Reading, responseBehind } from '../../core/consensus.ts';
import { WAYS, type Way } from '../../core/resolution.ts';
import { answer } from '../store/support.ts';

const equal = (a: string, b: string) => a.toLowerCase() === b.toLowerCase();
const say = (
  parsed: string | null,
  entropy: number | null,
  probability: number | null = 0.5,
  shares: Reading['shares'] = null,
): Reading => ({ parsed, entropy, probability, shares });
const answers = fc.array(fc.option(fc.constantFrom('a', 'A', 'b', 'c')), { maxLength: 8 });

describe('consensus', () => {
  it('ranks candidates by votes, then by first appearance', () => {
    assert.deepEqual(consensus(['b', 'A', null, 'a', 'c'], equal), {
      agreed: false,
      candidates: [
        { answer: 'A', votes: 2 },
        { answer: 'b', votes: 1 },
        { answer: 'c', votes: 1 },
      ],
    });
  });

  it('is reached only when all are readable and equal', () => {
    assert.equal(consensus(['a', 'A'], equal).agreed, true);
    assert.equal(consensus(['a'], equal).agreed, true);
    assert.equal(consensus(['a', null], equal).agreed, false);
    assert.equal(consensus([null], equal).agreed, false);
    assert.equal(consensus([], equal).agreed, false);
  });

  it('counts every readable answer once', () => {
    fc.assert(
      fc.property(answers, (given) => {
        const { agreed, candidates } = consensus(given, equal);
        const votes = candidates.reduce((sum, one) => sum + one.votes, 0);
        assert.equal(votes, given.filter((one) => one !== null).length);
        assert.equal(agreed, candidates.length === 1 && votes === given.length);
      }),
    );
  });
});

describe('pseudoLabel', () => {
  /** In the paper's way. */
  const justified = (given: readonly Reading[], justification?: Reading) =>
    pseudoLabel('justify', given, justification, equal);
  /** Without a justification. */
  const by = (way: Way, given: readonly Reading[]) => pseudoLabel(way, given, undefined, equal);

  it('gives a second view as much say as all answers together', () => {
    const given = [say('a', 0.2, 0.6), say('a', 0.4, 0.5), say('b', 0.1, 0.9)];
    const seen = (shares: [string, number][]) =>
      pseudoLabel('probability', given, undefined, equal, [], new Map(shares));
    // (0.6 + 0.5) / 3 for a, 0.3 for b, nothing for c.
    const borneOut = seen([
      ['a', 0.6],
      ['b', 0.3],
      ['c', 0.1],
    ]);
    assert.equal(borneOut.label, 'a');
    assert.ok(Math.abs(borneOut.probability! - (1.1 / 3 + 0.6) / 2) < 1e-12);
    assert.equal(borneOut.votes, 2);
    const lifted = seen([
      ['a', 0.1],
      ['b', 0.1],
      ['c', 0.8],
    ]);
    assert.deepEqual([lifted.label, lifted.votes, lifted.entropy], ['c', 0, null]);
    assert.ok(Math.abs(lifted.probability! - 0.4) < 1e-12);
  });

  it('takes the agreed answer with the mean entropy', () => {
    for (const way of WAYS)
      assert.deepEqual(by(way, [say('a', 0.25, 0.5), say('A', 0.75, 0.25)]), {
        label: 'a',
        agreed: true,
        entropy: 0.5,
        probability: 0.375,
        neighbours: null,
        votes: 2,
        collaborators: 2,
      });
    assert.equal(justified([say('a', 0.2), say('a', null)]).entropy, 0.2);
  });

  const split = [say('a', 0.5, 0.75), say('b', 0.25, 0.25), say('b', 0.75, 0.25), say('c', 9, 0.1)];

  it('takes the justified candidate when they disagree', () => {
    assert.deepEqual(justified(split, say('A', 0.125)), {
      label: 'a',
      agreed: false,
      entropy: (0.5 + 0.125) / 2,
      probability: 0.75 / 4,
      neighbours: null,
      votes: 1,
      collaborators: 4,
    });
    assert.equal(justified(split, say('a', null)).entropy, 0.5);
  });

  it('falls back to the majority where the justification chose none of them', () => {
    for (const justification of [say(null, 0.1), say('z', 0.1), undefined]) {
      const verdict = justified(split, justification);
      assert.deepEqual([verdict.label, verdict.votes, verdict.entropy], ['b', 2, 0.5]);
    }
  });

  it('by vote takes the most votes, of equal ones the more probable, then the first', () => {
    const { label, votes, entropy, probability } = by('vote', split);
    assert.deepEqual([label, votes, entropy, probability], ['b', 2, 0.5, 0.5 / 4]);
    assert.equal(by('vote', [say('a', 1, 0.25), say('b', 1, 0.5)]).label, 'b');
    assert.equal(by('vote', [say('a', 1, 0.5), say('b', 1, 0.5)]).label, 'a');
  });

  it('by probability takes the highest sum, of equal ones that of more votes, then the first', () => {
    const { label, votes, entropy, probability } = by('probability', split);
    assert.deepEqual([label, votes, entropy, probability], ['a', 1, 0.5, 0.75 / 4]);
    const halves = [say('a', 1, 0.5), say('b', 1, 0.25), say('b', 1, 0.25)];
    assert.equal(by('probability', halves).label, 'b');
    assert.equal(by('probability', [say('a', 1, 0.5), say('b', 1, 0.5)]).label, 'a');
  });

  it('lets an answer without log-probabilities count as much as the usual one', () => {
    const given = [say('a', null, null), say('b', 1, 0.5), say('c', 1, 0.75), say(null, 1, 0)];
    assert.equal(by('probability', given).label, 'c');
    assert.equal(by('probability', [...given, say('a', null, null)]).label, 'a');
    assert.equal(by('probability', [...given, say('a', null, null)]).probability, 1.25 / 5);
  });

  it("looks at a justification in the paper's way only", () => {
    for (const way of ['vote', 'probability'] as const)
      assert.deepEqual(pseudoLabel(way, split, say('c', 0), equal), by(way, split));
  });

  it('has no label where nothing is readable', () => {
    for (const way of WAYS)
      assert.deepEqual(pseudoLabel(way, [say(null, 0.1), say(null, 0.1)], say('a', 0.1), equal), {
        ...{ label: null, agreed: false, entropy: null, probability: null, neighbours: null },
        ...{ votes: 0, collaborators: 2 },
      });
  });

  it('is told how far its labelled neighbours bear it out, and does not go by them', () => {
    const neighbours = [
      { answer: 'B', weight: 0.5 },
      { answer: 'a', weight: 0.25 },
      { answer: 'b', weight: 0.25 },
    ];
    const borneOut = (votes: typeof neighbours, given = split) =>
      pseudoLabel('probability', given, undefined, equal, votes);
    assert.deepEqual([borneOut(neighbours).label, borneOut(neighbours).neighbours], ['a', 0.25]);
    assert.equal(borneOut(neighbours, split.slice(1)).neighbours, 0.75);
    assert.equal(borneOut([{ answer: 'a', weight: 0 }]).neighbours, null, 'alike in nothing');
    assert.equal(borneOut(neighbours, [say(null, 1)]).neighbours, null, 'there is no label');
  });

  it('measures the votes where the endpoint gives no log-probabilities', () => {
    const entropyOf = (...given: (string | null)[]) =>
      justified(
        given.map((one) => say(one, null)),
        say('a', null),
      ).entropy;
    assert.equal(entropyOf('a', 'a', 'a'), 0);
    assert.equal(entropyOf('a', 'b'), 1);
    assert.ok(entropyOf('a', 'a', null)! > 0);
    assert.equal(entropyOf('a', null, null), 1);
  });

  it('adds up what each answer gives a candidate, its own or not', () => {
    const [sure, torn] = [
      say('a', 0.1, 0.9, { a: 0.9, b: 0.1 }),
      say('b', 0.6, 0.4, { a: 0.4, b: 0.55, c: 0.05 }),
    ];
    const close = (actual: number | null, expected: number) =>
      assert.ok(Math.abs(actual! - expected) < 1e-12, `${actual}`);
    const [both, mixed] = [
      by('probability', [sure, torn]),
      by('probability', [say('a', 0.7), torn]),
    ];
    assert.deepEqual([both.label, both.votes, both.entropy], ['a', 1, 0.1]);
    close(both.probability, (0.9 + 0.4) / 2);
    // One that says nothing of the others counts for its own alone.
    assert.equal(mixed.label, 'a');
    close(mixed.probability, (0.5 + 0.4) / 2);
    // What nobody has answered is no candidate.
    const [x, y] = [say('a', 0.5, 0.4, { a: 0.4, b: 0.2, c: 0.4 }), torn];
    assert.ok(by('probability', [x, y]).label !== 'c');
  });

  const reading = fc.record({
    parsed: fc.option(fc.constantFrom('a', 'A', 'b', 'c')),
    entropy: fc.option(fc.double({ min: 0, max: 9, noNaN: true })),
    probability: fc.option(fc.double({ min: 0, max: 1, noNaN: true })),
    shares: fc.option(
      fc
        .tuple(...Array.from({ length: 3 }, () => fc.double({ min: 0.01, max: 1, noNaN: true })))
        .map((parts) => {
          const [a = 0, b = 0, c = 0] = parts.map((part) => part / parts.reduce((x, y) => x + y));
          return { a, b, c };
        }),
    ),
  });
  const way = fc.constantFrom(...WAYS);

  it('labels with one of the answers given, and counts its votes', () => {
    const justification = fc.option(reading, { nil: undefined });
    fc.assert(
      fc.property(way, fc.array(reading), justification, (how, given, chosen) => {
        const verdict = pseudoLabel(how, given, chosen, equal);
        const { label, votes, entropy, probability } = verdict;
        const same = given.filter((one) => one.parsed && label && equal(one.parsed, label));
        assert.equal(votes, same.length);
        assert.equal(
          label === null,
          given.every((one) => one.parsed === null),
        );
        assert.equal(probability === null, label === null);
        assert.ok(probability === null || (probability >= 0 && probability <= 1 + 1e-9));
        assert.ok(entropy === null || entropy >= 0);
      }),
    );
  });

  it('takes what no other candidate beats', () => {
    fc.assert(
      fc.property(fc.array(reading), (given) => {
        const [voted, probable] = [by('vote', given), by('probability', given)];
        assert.ok(voted.votes >= probable.votes);
        assert.ok((probable.probability ?? 0) >= (voted.probability ?? 0));
        assert.equal(justified(given).votes, voted.votes);
      }),
    );
  });

  it('is the vote where no answer has log-probabilities', () => {
    fc.assert(
      fc.property(fc.array(reading), (given) => {
        const without = given.map((one) => ({ ...one, probability: null, shares: null }));
        const voted = by('vote', without);
        assert.deepEqual(by('probability', without), voted);
        if (voted.label !== null) assert.equal(voted.probability, voted.votes / given.length);
      }),
    );
  });
});

describe('the response behind a label', () => {
  const gave = (text: string, parsed: string | null, entropy: number | null, more = {}) =>
    answer(0, { text, parsed, entropy, ...more });

  it('is what the surest model said that gave it', () => {
    const said = [
      gave('unsure', 'a', 0.9),
      gave('sure', 'A', 0.1),
      gave('as sure', 'a', 0.1),
      gave('unknown', 'a', null),
      gave('another', 'b', 0),
      gave('unreadable', null, 0),
      gave('cut off', 'a', 0, { finishReason: 'length' }),
      gave('a neighbour', 'a', 0, { endpoint: '' }),
    ];
    assert.equal(responseBehind('a', said, equal), 'sure');
    assert.equal(responseBehind('a', said.slice(3), equal), 'unknown');
  });

  it('is none where no model gave it, and said it to its end', () => {
    const said = [
      gave('cut off', 'a', 0, { finishReason: 'length' }),
      gave('a neighbour', 'a', 0, { endpoint: '' }),
    ];
    assert.equal(responseBehind('a', said, equal), null);
  });
});
