import assert from 'node:assert/strict';
import fc from 'fast-check';
import { describe, it } from 'mocha';
import { sumsFor } from '../../core/comparison.ts';
import { type Standings, throughGate, withoutCategories } from '../../core/gate/gate.ts';
import { GROUPS } from '../../core/gate/gateReport.ts';
import { type GateSpec, gateSpec } from '../../core/gate/gateSpec.ts';
import { categoryReport, classReport, GroupGrades } from '../../core/gate/groupGrades.ts';
import { mcnemar } from '../../core/statistics.ts';
import type { ModelRole } from '../../core/types.ts';

const CONFIDENCE = 0.95;
const ROLES = ['vanilla', 'champion', 'sft', 'semievol'] as const satisfies ModelRole[];

/** An example of a class, perhaps of a category, and who of the four got it right. */
interface Row {
  label: string;
  category?: string | undefined;
  right: readonly boolean[];
}

function standingsOf(rows: readonly Row[]): Standings {
  const sums = sumsFor(
    { name: 'accuracy', test: 'mcnemar' },
    { models: ROLES.length, examples: rows.length, seed: 0 },
  );
  const groups = {
    class: new GroupGrades(ROLES.length, ['a', 'b']),
    category: new GroupGrades(ROLES.length),
  };
  for (const { label, category, right } of rows) {
    const parts = right.map((is) => ({ got: Number(is), of: 1 }));
    sums.add(parts);
    groups.class.add([label], parts);
    if (category !== undefined) groups.category.add([category], parts);
  }
  const at = (role: ModelRole) => ROLES.indexOf(role as (typeof ROLES)[number]);
  return {
    models: { vanilla: 'base', champion: 'old', sft: 'warm', semievol: 'new' },
    examples: rows.length,
    share: (role) => sums.total(at(role)).got / rows.length,
    compare: (one, other) => sums.compare(at(one), at(other)),
    sft: 'sft',
    groups: GROUPS.flatMap((of) =>
      groups[of].all().map(({ label, examples, parts }) => ({
        ...{ of, label, examples },
        partOf: (role: ModelRole) => parts[at(role)]!,
      })),
    ),
  };
}

/** So many examples of a class that champion, SFT and SemiEvol got right as `right` says, such as "011". */
const rows = (times: number, right: string, label = 'a', category?: string): Row[] =>
  Array(times).fill({ label, category, right: [false, ...[...right].map((one) => one === '1')] });

const through = (of: readonly Row[], gate?: Partial<GateSpec>) =>
  throughGate(standingsOf(of), gate && gateSpec.parse(gate), CONFIDENCE);

const row = fc.record({
  label: fc.constantFrom('a', 'b'),
  category: fc.constantFrom(undefined, 'c', 'd', 'e'),
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
  it('promotes exactly what gains enough by the test, and makes no class or category lose too much', () => {
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
        const losers = ['a', 'b', 'c', 'd', 'e'].filter((name) => {
          const its = of.filter(({ label, category }) => label === name || category === name);
          const loss = rightOf(its, 1) - rightOf(its, index);
          return (
            gate.veto !== undefined &&
            its.length >= gate.veto.leastRows &&
            loss / its.length > gate.veto.maximumLoss + 1e-9
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
    assert.equal(reason, 'the class "b" loses 100.0 %, more than gate.veto.maximumLoss');
    const none = { class: 0, category: 0 };
    assert.deepEqual(
      [vetoes, tooFew],
      [[{ of: 'class', label: 'b', examples: 10, loss: 1 }], none],
    );
    const few = through(lost, { veto: { ...veto, leastRows: 11 } });
    assert.deepEqual([few.verdict, few.vetoes, few.tooFew], ['promote', [], { ...none, class: 1 }]);
  });

  it('names a category that loses, and not where histories keep it', () => {
    const lost = [...rows(40, '001', 'a', 'Law'), ...rows(10, '110', 'a', 'Physics')];
    const veto = { maximumLoss: 0.1, leastRows: 10 };
    const report = through([...lost, ...rows(3, '111', 'a', 'Art')], { veto });
    assert.equal(
      report.reason,
      'the category "Physics" loses 100.0 %, more than gate.veto.maximumLoss',
    );
    assert.deepEqual(report.vetoes, [{ of: 'category', label: 'Physics', examples: 10, loss: 1 }]);
    assert.deepEqual(report.tooFew, { class: 0, category: 1 });
    const kept = withoutCategories(report);
    assert.doesNotMatch(JSON.stringify(kept), /Physics|Law|Art/);
    assert.equal(kept.reason, 'a category loses 100.0 %, more than gate.veto.maximumLoss');
    assert.equal(kept.verdict, 'keep');
    const other = through(lost, { veto, minimumGain: 0.99 });
    assert.equal(withoutCategories(other).reason, other.reason);
    const ofClass = through([...rows(40, '001'), ...rows(10, '110', 'b')], { veto });
    assert.deepEqual(withoutCategories(ofClass), ofClass);
  });

  it('takes the base for the champion where no other is', () => {
    const { models, ...standings } = standingsOf(rows(20, '001'));
    const { champion: _, ...others } = models;
    const report = throughGate({ ...standings, models: others }, undefined, CONFIDENCE);
    assert.equal(report.champion, 'base');
    assert.equal(report.tests[0]!.model, 'base');
  });
});

describe('grades by group', () => {
  it('add up by category to what there is in all, however many there are', () => {
    const category = fc.option(fc.integer({ min: 0, max: 300 }).map(String), { nil: undefined });
    const graded = fc.record({ category, got: fc.integer({ min: 0, max: 1 }) });
    fc.assert(
      fc.property(fc.array(graded, { minLength: 1, maxLength: 1_000 }), (examples) => {
        const grades = new GroupGrades(1);
        for (const { category, got } of examples)
          if (category !== undefined) grades.add([category], [{ got, of: 1 }]);
        const all = grades.all();
        const of = examples.filter(({ category }) => category !== undefined);
        const got = all.reduce((sum, { parts }) => sum + parts[0]!.got, 0);
        assert.equal(
          got,
          of.reduce((sum, one) => sum + one.got, 0),
        );
        const report = categoryReport(all, ['semievol'], examples.length);
        if (of.length === 0) return assert.equal(report, undefined);
        const { listed, others, without } = report!;
        const inListed = listed.reduce((sum, one) => sum + one.examples, 0);
        assert.equal(inListed + others.examples + without, examples.length);
        assert.equal(listed.length + others.groups, all.length);
        assert.ok(listed.length <= 100);
        const smallest = listed.at(-1)!.examples;
        const rest = all.filter(({ label }) => !listed.some((one) => one.label === label));
        assert.ok(rest.every(({ examples }) => examples <= smallest));
      }),
    );
  });

  it('list the most frequent classes in their order, and none that was not known', () => {
    const names = Array.from({ length: 30 }, (_, index) => `class ${index}`);
    const grades = new GroupGrades(1, names);
    for (const [index, name] of names.entries())
      for (let times = 0; times < index; times++) grades.add([name], [{ got: 1, of: 2 }]);
    grades.add(['no class'], [{ got: 1, of: 1 }]);
    const { listed, others } = classReport(grades.all(), ['semievol'])!;
    assert.deepEqual(
      listed.map(({ label }) => label),
      names.slice(10),
    );
    assert.deepEqual(listed[0]!.values, { semievol: 0.5 });
    // That of no example is not there at all.
    assert.deepEqual(others, { groups: 9, examples: 45 });
    assert.equal(classReport([], ['semievol']), undefined);
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
