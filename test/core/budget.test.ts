import assert from 'node:assert/strict';
import fc from 'fast-check';
import { describe, it } from 'mocha';
import {
  amountsOf,
  BUDGET_UNITS,
  type Budget,
  type BudgetUnit,
  isNear,
  isReached,
  Ledger,
  type Limits,
  Pieces,
  withLimits,
} from '../../core/budget.ts';
import { lackText, nearLines } from '../../core/report/budget.ts';
import { addSpent, NOTHING_SPENT, type Spent } from '../../core/spent.ts';

const spentOf = (usd: number, more: Partial<Spent> = {}): Spent => ({
  ...NOTHING_SPENT,
  cost: usd,
  ...more,
});
/** What is paid in whole units of each kind: sums are exact. */
const cost = fc
  .tuple(fc.nat(100), fc.nat(100), fc.nat(100), fc.nat(4))
  .map(([cost, promptTokens, requests, hours]) => ({
    ...NOTHING_SPENT,
    ...{ cost, promptTokens, requests, deployedSeconds: 3_600 * hours },
  }));
const limits: fc.Arbitrary<Limits> = fc.record(
  {
    usd: fc.integer({ min: 1, max: 2_000 }),
    tokens: fc.integer({ min: 1, max: 2_000 }),
    requests: fc.integer({ min: 1, max: 2_000 }),
    gpuHours: fc.integer({ min: 1, max: 80 }),
  },
  { requiredKeys: [] },
);
const over = (spent: Spent, allowed: Limits, unit: BudgetUnit) =>
  amountsOf(spent)[unit] - (allowed[unit] ?? Infinity);

const usesOf = (allowed: Limits) => new Ledger(allowed, NOTHING_SPENT).allowance('propagate');

/** Begins whatever may begin, in any order, and ends it in any order. */
function workThrough(
  allowed: Limits,
  pieces: readonly { kind: string; cost: Spent }[],
  choices: readonly number[],
) {
  const purse = new Pieces(usesOf(allowed), NOTHING_SPENT);
  const underWay = new Map<string, Spent>();
  let spent = NOTHING_SPENT;
  let next = 0;
  /** What is under way when the last piece began, itself included. */
  let lastUnderWay = NOTHING_SPENT;
  const end = (choice: number) => {
    const key = [...underWay.keys()][choice % underWay.size]!;
    const paid = underWay.get(key)!;
    underWay.delete(key);
    purse.end(key, paid);
    spent = addSpent(spent, paid);
  };
  for (const choice of choices) {
    const piece = pieces[next];
    if (piece && choice % 2 === 0 && purse.mayBegin(piece.kind)) {
      purse.begin(piece.kind, String(next));
      underWay.set(String(next), piece.cost);
      next++;
      lastUnderWay = [...underWay.values()].reduce(addSpent, NOTHING_SPENT);
    } else if (underWay.size > 0) end(choice);
  }
  while (underWay.size > 0) end(0);
  return { spent, lastUnderWay, purse, begun: next };
}

const piecesOf = (of: fc.Arbitrary<Spent>) =>
  fc.array(fc.record({ kind: fc.constantFrom('a', 'b'), cost: of }), { maxLength: 40 });
const choices = fc.array(fc.nat(20), { maxLength: 200 });

describe('pieces of work within an allowance', () => {
  it('never spend more than it, and what was under way when the last began', () => {
    fc.assert(
      fc.property(limits, piecesOf(cost), choices, (allowed, pieces, order) => {
        const { spent, lastUnderWay } = workThrough(allowed, pieces, order);
        for (const unit of BUDGET_UNITS)
          assert.ok(over(spent, allowed, unit) <= amountsOf(lastUnderWay)[unit], unit);
      }),
    );
  });

  it('never spend more than it by more than the first of each kind, where none is dearer', () => {
    fc.assert(
      fc.property(
        limits,
        cost,
        cost,
        fc.array(fc.constantFrom('a', 'b'), { maxLength: 40 }),
        choices,
        (allowed, a, b, kinds, order) => {
          const pieces = kinds.map((kind) => ({ kind, cost: kind === 'a' ? a : b }));
          const { spent } = workThrough(allowed, pieces, order);
          const firsts = amountsOf(addSpent(a, b));
          for (const unit of BUDGET_UNITS) assert.ok(over(spent, allowed, unit) <= firsts[unit]);
        },
      ),
    );
  });

  it('are all done where there is no limit, or one that is raised until they are', () => {
    fc.assert(
      fc.property(piecesOf(cost), limits, (pieces, first) => {
        const purse = new Pieces(usesOf(first), NOTHING_SPENT);
        let raised = 0;
        pieces.forEach(({ kind, cost: paid }, index) => {
          while (!purse.mayBegin(kind)) {
            assert.ok(++raised < 1_000);
            purse.allowance = purse.allowance.map((use) => ({ ...use, limit: use.limit + 500 }));
          }
          purse.begin(kind, String(index));
          purse.end(String(index), paid);
        });
      }),
    );
  });

  it('go alone at first, and then as many as there is money for', () => {
    const purse = new Pieces(usesOf({ usd: 10 }), spentOf(1));
    assert.ok(purse.mayBegin('batch'));
    purse.begin('batch', '0');
    assert.ok(!purse.mayBegin('batch'), 'nobody knows what it takes');
    assert.ok(purse.mayBegin('other'));
    purse.end('0', spentOf(3));
    for (const key of ['1', '2']) {
      assert.ok(purse.mayBegin('batch'));
      purse.begin('batch', key);
    }
    assert.ok(!purse.mayBegin('batch'), '4 spent and 6 reserved');
    purse.end('1', spentOf(1));
    assert.equal(purse.lack('batch')?.wanted, 3);
    purse.allowance = usesOf({ usd: 11 });
    assert.ok(purse.mayBegin('batch'));
  });
});

describe('the ledger of a round', () => {
  const budget: Budget = {
    usd: 100,
    perRound: { usd: 30, tokens: 1_000 },
    perPhase: { evaluate: { usd: 5 } },
  };

  it('never reserves more for jobs than each of their limits leaves', () => {
    const phases = ['warm-up', 'fine-tune', 'evaluate'] as const;
    const step = fc.record({ phase: fc.constantFrom(...phases), cost, isEnd: fc.boolean() });
    fc.assert(
      fc.property(limits, limits, limits, fc.array(step), (run, round, evaluate, steps) => {
        const ledger = new Ledger({ ...run, perRound: round, perPhase: { evaluate } }, spentOf(3));
        const spent = new Map<string, Spent>();
        const open: { key: string; phase: (typeof phases)[number]; cost: Spent }[] = [];
        steps.forEach(({ phase, cost: paid, isEnd }, index) => {
          const ended = isEnd ? open.shift() : undefined;
          if (ended) {
            const all = addSpent(spent.get(ended.phase) ?? NOTHING_SPENT, ended.cost);
            spent.set(ended.phase, all);
            ledger.release(ended.key, ended.cost);
            ledger.set(ended.phase, all);
          } else if (!ledger.lack(phase, paid)) {
            open.push({ key: String(index), phase, cost: paid });
            ledger.reserve(String(index), phase, paid);
          }
          for (const use of ledger.uses())
            assert.ok(
              use.spent + use.reserved <= use.limit || use.spent === 3,
              JSON.stringify(use),
            );
        });
      }),
    );
  });

  it('allows a phase what others leave of each of its limits', () => {
    const ledger = new Ledger(budget, spentOf(80));
    ledger.set('propagate', spentOf(4, { promptTokens: 600 }));
    ledger.reserve('job', 'fine-tune', spentOf(2, { trainedTokens: 100 }));
    const others = (phase: 'propagate' | 'evaluate') =>
      ledger
        .allowance(phase)
        .map((use) => [use.scope, use.unit, use.limit, use.spent, use.reserved]);
    assert.deepEqual(others('propagate'), [
      ['run', 'usd', 100, 80, 2],
      ['round', 'usd', 30, 0, 2],
      ['round', 'tokens', 1_000, 0, 100],
    ]);
    assert.deepEqual(others('evaluate'), [
      ['run', 'usd', 100, 84, 2],
      ['round', 'usd', 30, 4, 2],
      ['round', 'tokens', 1_000, 600, 100],
      ['evaluate', 'usd', 5, 0, 0],
    ]);
    assert.equal(ledger.lack('evaluate', spentOf(6))?.scope, 'evaluate');
    assert.equal(ledger.lack('fine-tune', spentOf(15))?.scope, 'run');
    ledger.release('job', NOTHING_SPENT);
    assert.equal(ledger.lack('fine-tune', spentOf(15)), undefined);
  });

  it('counts what batches answer from before they are made, and once', () => {
    const ledger = new Ledger({ usd: 10 }, NOTHING_SPENT);
    const gone = () => ledger.uses().map(({ spent, reserved }) => [spent, reserved]);
    assert.equal(ledger.lackAhead('propagate', 'batch', spentOf(11))?.wanted, 11);
    assert.equal(ledger.lackAhead('propagate', 'batch', spentOf(8)), undefined);
    ledger.payAhead('propagate', 'batch', spentOf(8), false);
    assert.deepEqual(gone(), [[0, 8]]);
    assert.ok(ledger.lack('warm-up', spentOf(3)));
    assert.equal(ledger.lackAhead('propagate', 'batch', spentOf(9)), undefined, 'in its place');
    ledger.payAhead('propagate', 'batch', spentOf(6), true);
    assert.deepEqual(gone(), [[6, 0]]);
    ledger.payAhead('propagate', 'next', spentOf(3), false);
    assert.deepEqual(gone(), [[6, 3]]);
    ledger.payAhead('propagate', 'next', spentOf(0), true);

    // The phase finds the answers in the store, and tells what they have cost.
    const [allowance] = [ledger.allowance('propagate')];
    assert.deepEqual([allowance[0]!.spent, allowance[0]!.reserved], [0, 0]);
    const pieces = new Pieces(allowance, NOTHING_SPENT, {}, ledger.ahead('propagate'));
    for (const key of ['0', '1', '2']) {
      assert.ok(pieces.mayBegin('batch'), key);
      pieces.begin('batch', key);
      pieces.end(key, spentOf(3));
    }
    assert.ok(!pieces.mayBegin('batch'), '9 are spent: no more was paid for ahead');
    ledger.set('propagate', spentOf(4));
    assert.deepEqual(gone(), [[6, 0]]);
    ledger.set('propagate', spentOf(7));
    ledger.ended('propagate');
    assert.deepEqual(gone(), [[7, 0]]);
  });

  it('tells a limit that is reached from one that what is under way may leave room in', () => {
    const ledger = new Ledger({ usd: 10, perRound: { usd: 8 } }, spentOf(4));
    ledger.reserve('job', 'warm-up', spentOf(5));
    const waiting = ledger.lack('fine-tune', spentOf(5))!;
    assert.deepEqual([waiting.scope, isReached(waiting)], ['run', false]);
    const reached = ledger.lack('fine-tune', spentOf(9))!;
    assert.deepEqual([reached.scope, isReached(reached)], ['run', true]);
    ledger.budget = withLimits(ledger.budget, 'run', { usd: 14 });
    // That of the run only has to wait.
    const ofRound = ledger.lack('fine-tune', spentOf(9))!;
    assert.deepEqual([ofRound.scope, isReached(ofRound)], ['round', true]);
  });

  it('goes by what jobs have cost, where that is known', () => {
    const ledger = new Ledger({ usd: 10 }, NOTHING_SPENT);
    assert.ok(ledger.lack('warm-up', spentOf(12)));
    ledger.reserve('job', 'warm-up', spentOf(8, { trainedTokens: 400 }));
    ledger.release('job', spentOf(2, { trainedTokens: 100 }));
    assert.equal(ledger.lack('fine-tune', spentOf(36)), undefined);
    assert.equal(ledger.lack('fine-tune', spentOf(44))?.wanted, 11);
  });

  it('tells what is gone of each limit, and which are nearly used up', () => {
    const ledger = new Ledger(budget, spentOf(60));
    ledger.set('propagate', spentOf(24));
    const uses = ledger.uses();
    assert.deepEqual(
      uses.map(({ scope, unit, spent }) => [scope, unit, spent]),
      [
        ['run', 'usd', 84],
        ['round', 'usd', 24],
        ['round', 'tokens', 0],
        ['evaluate', 'usd', 0],
      ],
    );
    assert.deepEqual(uses.map(isNear), [true, true, false, false]);
    assert.deepEqual(nearLines('mine', uses), [
      '84.0 % of the budget of the run is used: $84.00 of $100.00. "semievol budget mine --usd N" raises it',
      '80.0 % of the budget of a round is used: $24.00 of $30.00. "semievol budget mine --per-round --usd N" raises it',
    ]);
    ledger.budget = withLimits(withLimits(budget, 'run', { usd: 200 }), 'evaluate', { tokens: 7 });
    assert.deepEqual(ledger.budget.perPhase, { evaluate: { usd: 5, tokens: 7 } });
    assert.deepEqual(ledger.uses().map(isNear), [false, true, false, false, false]);
  });

  it('says what is lacking, and what helps', () => {
    const ledger = new Ledger({ perPhase: { evaluate: { tokens: 1_500 } } }, NOTHING_SPENT);
    ledger.set('evaluate', spentOf(0, { promptTokens: 1_200 }));
    const lack = ledger.lack('evaluate', spentOf(0, { promptTokens: 400 }));
    assert.equal(
      lackText('mine', lack!),
      'the budget of phase evaluate is reached: 1,200 of 1,500 tokens spent, the next step takes up to 400 tokens. "semievol budget mine --phase evaluate --tokens N" raises it, and the run goes on',
    );
  });
});
