import assert from 'node:assert/strict';
import fc from 'fast-check';
import { describe, it } from 'mocha';
import { sumsFor } from '../../core/comparison.ts';
import { ClassGrades } from '../../core/gate/classGrades.ts';
import { type Standings, throughGate } from '../../core/gate/gate.ts';
import { type GateSpec, gateSpec } from '../../core/gate/gateSpec.ts';
import { mcnemar } from '../../core/statistics.ts';
import type { ModelRole } from '../../core/types.ts';

const CONFIDENCE = 0.95;
const ROLES = ['vanilla', 'champion', 'sft', 'semievol'] as const satisfies ModelRole[];

/** An example of a class, and who of the four got it right. */
interface Row {
  label: string;
  right: readonly boolean[];
}

function standingsOf(rows: readonly Row[]): Standings {
  const sums = sumsFor(
    { name: 'accuracy', test: 'mcnemar' },
    { models: ROLES.length, examples: rows.length, seed: 0 },
  );
  const classes = new ClassGrades(['a', 'b'], ROLES.length);
  for (const { label, right } of rows) {
    const parts = right.map((is) => ({ got: Number(is), of: 1 }));
    sums.add(parts);
    classes.add([label], parts);
  }
  const at = (role: ModelRole) => ROLES.indexOf(role as (typeof ROLES)[number]);
  return {
    models: { vanilla: 'base', champion: 'old', sft: 'warm', semievol: 'new' },
    examples: rows.length,
    share: (role) => sums.total(at(role)).got / rows.length,
    compare: (one, other) => sums.compare(at(one), at(other)),
    sft: 'sft',
    classes: classes.all().map(({ label, examples, parts }) => ({
      ...{ label, examples },
      partOf: (role) => parts[at(role)]!,
    })),
  };
}

/** So many examples of a class that champion, SFT and SemiEvol got right as `right` says, such as "011". */
const rows = (times: number, right: string, label = 'a'): Row[] =>
  Array(times).fill({ label, right: [false, ...[...right].map((one) => one === '1')] });

const through = (of: readonly Row[], gate?: Partial<GateSpec>) =>
  throughGate(standingsOf(of), gate && gateSpec.parse(gate), CONFIDENCE);

const row = fc.record({
  label: fc.constantFrom('a', 'b'),
  right: fc.tuple(fc.boolean(), fc.boolean(), fc.boolean(), fc.boolean()),
});
const anyRows = fc.array(row, { minLength: 1, maxLength: 60 });
const anyGate = fc.record({
  minimumGain: fc.constantFrom(0, 0.05, 0.2),
  overSft: fc.constantFrom<GateSpec['overSft']>('better', 'surely'),
  veto: fc.option(
    fc.record({ maximumLoss: fc.constantFrom(0, 0.1), leastRows: fc.constantFrom(1, 10) }),
    { nil: undefined },
  ),
});

describe('the gate', () => {
  it('promotes exactly what gains enough by the test, and makes no class lose too much', () => {
    fc.assert(
      fc.property(anyRows, anyGate, (of, gate) => {
        const report = through(of, gate);
        const index = ROLES.indexOf(report.challenger.role as 'sft' | 'semievol');
        const rightOf = (among: readonly Row[], model: number) =>
          among.filter(({ right }) => right[model]).length;
        const only = (a: number, b: number) =>
          of.filter(({ right }) => right[a] && !right[b]).length;
        const gain = rightOf(of, index) - rightOf(of, 1);
        const { pValue } = mcnemar(only(index, 1), only(1, index));
        const losers = ['a', 'b'].filter((label) => {
          const ofClass = of.filter((one) => one.label === label);
          const loss = rightOf(ofClass, 1) - rightOf(ofClass, index);
          return (
            gate.veto !== undefined &&
            ofClass.length >= gate.veto.leastRows &&
            loss / ofClass.length > gate.veto.maximumLoss + 1e-9
          );
        });
        const passes =
          gain > 0 &&
          pValue <= 1 - CONFIDENCE &&
          gain / of.length >= gate.minimumGain - 1e-9 &&
          losers.length === 0;
        assert.equal(report.verdict, passes ? 'promote' : 'keep');
        assert.deepEqual(report.vetoes.map(({ label }) => label).sort(), losers);
      }),
    );
  });

  it('has the better of SemiEvol and SFT for a challenger, and tests it against both others', () => {
    fc.assert(
      fc.property(anyRows, (of) => {
        const { challenger, tests } = through(of, {});
        const { share } = standingsOf(of);
        const isEvolved = share('semievol')! >= share('sft')!;
        assert.equal(challenger.role, isEvolved ? 'semievol' : 'sft');
        assert.equal(challenger.model, isEvolved ? 'new' : 'warm');
        assert.deepEqual(
          tests.map(({ against, model, examples }) => [against, model, examples]),
          [['champion', 'old', of.length], ...(isEvolved ? [['sft', 'warm', of.length]] : [])],
        );
      }),
    );
  });

  it('lets SFT be the champion, where that is what the test says', () => {
    const report = through([...rows(20, '011'), ...rows(3, '010'), ...rows(5, '100')], {});
    assert.deepEqual(report.challenger, { role: 'sft', model: 'warm' });
    assert.equal(report.verdict, 'promote');
  });

  it('prefers SFT where SemiEvol has to be surely better than it, and may be so by luck', () => {
    const of = [...rows(20, '011'), ...rows(3, '001'), ...rows(5, '111')];
    assert.equal(through(of, {}).challenger.role, 'semievol');
    assert.equal(through(of, { overSft: 'surely' }).challenger.role, 'sft');
    const surely = [...rows(20, '011'), ...rows(10, '001')];
    assert.equal(through(surely, { overSft: 'surely' }).challenger.role, 'semievol');
  });

  it('has SemiEvol for a challenger, where SFT is the champion already', () => {
    const { models, ...standings } = standingsOf([...rows(9, '110'), ...rows(2, '001')]);
    const all = { ...models, champion: 'warm' };
    const report = throughGate({ ...standings, models: all }, gateSpec.parse({}), CONFIDENCE);
    assert.deepEqual(report.challenger, { role: 'semievol', model: 'new' });
    assert.deepEqual(
      report.tests.map(({ against }) => against),
      ['champion'],
    );
    assert.equal(report.verdict, 'keep');
  });

  it('without a gate in the spec looks at SemiEvol alone, whatever SFT comes to', () => {
    const report = through([...rows(20, '011'), ...rows(3, '010'), ...rows(5, '100')]);
    assert.deepEqual(report.challenger, { role: 'semievol', model: 'new' });
    assert.equal(report.verdict, 'promote');
    assert.equal(report.tests[0]!.gain, 15 / 28);
  });

  it('says what stands in the way, the test first', () => {
    const lost = [...rows(40, '001'), ...rows(10, '110', 'b')];
    const veto = { maximumLoss: 0.1, leastRows: 10 };
    assert.match(through(rows(20, '111'), {}).reason, /no better than the champion/);
    assert.match(through(rows(3, '001'), {}).reason, /leaves open/);
    assert.match(through(lost, { minimumGain: 0.61 }).reason, /gate\.minimumGain/);
    const { reason, vetoes, tooFew } = through(lost, { minimumGain: 0.6, veto });
    assert.match(reason, /gate\.veto\.maximumLoss/);
    assert.deepEqual([vetoes, tooFew], [[{ label: 'b', examples: 10, loss: 1 }], 0]);
    const few = through(lost, { veto: { ...veto, leastRows: 11 } });
    assert.deepEqual([few.verdict, few.vetoes, few.tooFew], ['promote', [], 1]);
  });

  it('takes the base for the champion where no other is', () => {
    const { models, ...standings } = standingsOf(rows(20, '001'));
    const { champion: _, ...others } = models;
    const report = throughGate({ ...standings, models: others }, undefined, CONFIDENCE);
    assert.equal(report.champion, 'base');
    assert.equal(report.tests[0]!.model, 'base');
  });
});

describe('a gate in a spec', () => {
  it('waits for nobody where nobody decides', () => {
    const { error } = gateSpec.safeParse({ waitHours: 3 });
    assert.deepEqual(error?.issues[0]?.path, ['waitHours']);
    assert.match(error?.issues[0]?.message ?? '', /set approval to person/);
    assert.equal(gateSpec.parse({ approval: 'person', waitHours: 3 }).afterWait, 'keep');
  });
});
