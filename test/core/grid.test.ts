import assert from 'node:assert/strict';
import fc from 'fast-check';
import { describe, it } from 'mocha';
import { type Bound, boundedBy } from '../../core/bound.ts';
import type { Verdict } from '../../core/consensus.ts';
import { cellsOf } from '../../core/grid/cells.ts';
import { labelQuality } from '../../core/grid/labels.ts';
import { merged } from '../../core/grid/merge.ts';
import { type GridPlan, specOf } from '../../core/grid/plan.ts';
import { type GridInput, gridSpec } from '../../core/grid/spec.ts';
import { intervalOf, spreadOf } from '../../core/grid/spread.ts';
import { type GridStatus, timeLeft } from '../../core/grid/status.ts';
import { type GridRun, gridTable } from '../../core/grid/table.ts';
import { builtIn } from '../../core/registry.ts';
import { csv } from '../../core/report/csv.ts';
import { gridCsv, gridSections } from '../../core/report/grid.ts';
import { markdown } from '../../core/report/markdown.ts';
import { SCORES } from '../../core/selection/scores/index.ts';
import type { ModelCollaborator } from '../../core/spec.ts';
import { tBound } from '../../core/studentT.ts';
import type { Example } from '../../core/types.ts';

const BASE = {
  task: { type: 'classification', labels: ['a', 'b'] },
  data: {
    ...{ labelled: 'l.csv', unlabelled: 'u.csv', test: 't.csv' },
    limits: { labelled: 40, unlabelled: 120 },
  },
  selection: { rule: 'paper', percentile: 40, score: 'votes' },
};

function cells(given: Omit<GridInput, 'name'>, base: object = BASE) {
  const grid = gridSpec.parse({ name: 'grid', ...given });
  return cellsOf(grid, base as typeof BASE, builtIn);
}

function named(given: Omit<GridInput, 'name'>, base: object = BASE) {
  const found = cells(given, base);
  if ('problems' in found) throw new Error(found.problems.join('\n'));
  return Object.fromEntries(found.cells.map((cell) => [cell.name, cell]));
}

const shotsOf = ({ collaborators }: { collaborators: unknown[] }) =>
  (collaborators as ModelCollaborator[]).map(({ shots, skip }) => [shots, skip]);

describe('the cells of a grid', () => {
  it('are the base, then those that the short forms stand for, each other in one thing', () => {
    const found = named({
      ...{ ablations: ['iwp', 'icp', 'cl', 'as'], ratios: [0.5, 3], collaborators: [1, 2, 8] },
      ...{ percentiles: [25], shots: [5], rounds: [2], resolutions: ['vote'] },
      ...{ bounds: ['oracle', 'ceiling'] },
      ...{ rules: ['official', { rule: 'paper', percentile: 90 }], scores: ['entropy'] },
    });
    const base = found.semievol!.spec;
    assert.deepEqual(Object.keys(found).slice(0, 3), ['semievol', 'without-iwp', 'without-icp']);
    for (const { spec } of Object.values(found)) {
      const fields = Object.keys(spec) as (keyof typeof spec)[];
      const { evaluation } = spec;
      const alike = { ...spec, evaluation: { ...evaluation, sft: base.evaluation.sft } };
      const other = fields.filter(
        (field) => JSON.stringify(alike[field]) !== JSON.stringify(base[field]),
      );
      const isOfTwo = ['without-iwp', 'oracle', 'ceiling'].some(
        (name) => spec === found[name]!.spec,
      );
      assert.ok(other.length <= (isOfTwo ? 2 : 1), other.join());
    }
    const warmUps = found['without-iwp']!.spec.collaborators.filter(
      (one) => (one as ModelCollaborator).model === 'warm-up',
    );
    assert.deepEqual(warmUps, []);
    const ensemble = ['warm-up', 'warm-up-2'].map((model) => ({ name: model, model, shots: 0 }));
    const ofSeveral = named({ ablations: ['iwp'] }, { ...BASE, collaborators: ensemble });
    assert.deepEqual(
      ofSeveral['without-iwp']!.spec.collaborators.map((one) => (one as ModelCollaborator).model),
      ['base'],
    );
    assert.deepEqual(shotsOf(found['without-icp']!.spec), [[0, 0]]);
    assert.deepEqual(shotsOf(found['without-cl']!.spec), [[3, 0]]);
    assert.equal(found['without-as']!.spec.selection.percentile, 100);
    assert.equal(found['without-as']!.spec.selection.score, 'votes');
    assert.equal(found['ratio-50']!.spec.data.limits.unlabelled, 20);
    assert.deepEqual(shotsOf(found['collaborators-2']!.spec), shotsOf(base).slice(0, 2));
    assert.deepEqual(shotsOf(found['collaborators-8']!.spec).slice(3), [
      [3, 3],
      [3, 6],
      [3, 9],
      [3, 12],
      [3, 15],
    ]);
    assert.deepEqual(shotsOf(found['shots-5']!.spec), [
      [0, 0],
      [5, 0],
      [5, 0],
      [5, 5],
    ]);
    assert.equal(found['rule-official']!.spec.selection.rule, 'official');
    assert.equal(found['rule-paper-90']!.spec.selection.percentile, 90);
    assert.equal(found['rounds-2']!.spec.rounds, 2);
  });

  it('train SFT of equal steps in the base and in cells that are written out alone', () => {
    const own = { name: 'slow', spec: { training: { learningRateMultiplier: 0.5 } } };
    const found = named({ cells: [own], percentiles: [40, 60], baselines: ['rag-bm25'] });
    assert.deepEqual(
      Object.values(found).map(({ name, spec }) => [name, spec.evaluation.sft]),
      [
        ['semievol', 'both'],
        ['slow', 'both'],
        ['rag-bm25', 'equal-epochs'],
        ['percentile-60', 'equal-epochs'],
      ],
    );
  });

  it('that come to the same spec are one, which goes by all names', () => {
    const found = named({ percentiles: [40, 100], ablations: ['as'], rounds: [1] });
    assert.deepEqual(found.semievol!.also, ['percentile-40', 'rounds-1']);
    assert.deepEqual(found['without-as']!.also, ['percentile-100']);
    assert.deepEqual(Object.keys(found), ['semievol', 'without-as']);
  });

  it('are refused with the field and the remedy', () => {
    const problems = (given: Omit<GridInput, 'name'>, base: object = BASE) => {
      const found = cells(given, base);
      return 'problems' in found ? found.problems.join('\n') : '';
    };
    const wrong = [{ name: 'odd', spec: { batch: { size: 0 } } }];
    assert.match(problems({ cells: wrong }), /^cell "odd": batch\.size must be at least 1/);
    assert.match(problems({ scores: ['luck'] }), /cell "score-luck": selection\.score must be/);
    const unlimited = { ...BASE, data: { ...BASE.data, limits: {} } };
    assert.match(problems({ ratios: [1] }, unlimited), /ratios: set data\.limits\.labelled/);
    assert.match(problems({ seeds: { data: [1, 2] } }, unlimited), /seeds\.data: set data\.limits/);
    const demo = { labelled: 40, unlabelled: 60, test: 10 };
    assert.match(problems({ demo, ratios: [2] }), /raise that/);
    const twins = [{ name: 'rounds-2', spec: { seed: 1, maxTokens: 3 } }];
    assert.match(problems({ cells: twins, rounds: [2] }), /two cells are called "rounds-2"/);
    const repeated = [wrong[0]!, { name: 'odd', spec: {} }];
    assert.throws(() => gridSpec.parse({ name: 'g', cells: repeated }), /name of another cell/);
  });

  it('have runs with a seed, a draw and a scope of their group', () => {
    const { cells: all } = cells({}) as { cells: GridPlan['cells'] };
    const group = { dataSeed: 3, trainingSeed: 5, folder: '/data', runs: ['grid.semievol.d3.t5'] };
    const plan: GridPlan = { name: 'grid', cells: all, groups: [group], window: 1, draws: true };
    const { name, seed, share, data } = specOf(plan, group, 0);
    assert.deepEqual([name, seed, share, data.draw], [group.runs[0], 5, 'grid.d3.t5', 3]);
    assert.equal(specOf({ ...plan, draws: false }, group, 0).data.draw, undefined);
    assert.ok(builtIn.runSpec.safeParse(specOf(plan, group, 0)).success);
  });
});

describe('a spec over another', () => {
  const part = fc.object({
    key: fc.constantFrom('a', 'b', 'c'),
    values: [fc.integer()],
    maxDepth: 2,
  });

  it('is the other where it says nothing, and itself where that says nothing', () => {
    fc.assert(
      fc.property(part, (spec) => {
        assert.deepEqual(merged(spec, {}), spec);
        assert.deepEqual(merged({}, spec), spec);
        assert.deepEqual(merged(spec, spec), spec);
      }),
    );
  });

  it('merges objects, replaces lists, takes away by null, and mixes no kinds', () => {
    const under = { a: { b: 1, c: [1, 2] }, task: { type: 'x', of: 1 } };
    assert.deepEqual(merged(under, { a: { c: [3] } }), { ...under, a: { b: 1, c: [3] } });
    assert.deepEqual(merged(under, { a: null }), { task: under.task });
    assert.deepEqual(merged(under, { task: { type: 'y' } }).task, { type: 'y' });
    assert.deepEqual(merged(under, { task: { of: 2 } }).task, { type: 'x', of: 2 });
  });
});

describe('a figure over seeds', () => {
  it('has the bounds of Student’s t', () => {
    // Two-sided quantiles, as tables have them.
    const known = [
      [1, 0.95, 12.7062],
      [2, 0.95, 4.3027],
      [4, 0.95, 2.7764],
      [9, 0.95, 2.2622],
      [9, 0.99, 3.2498],
      [30, 0.9, 1.6973],
      [1000, 0.95, 1.9623],
    ] as const;
    for (const [degrees, confidence, bound] of known)
      assert.ok(Math.abs(tBound(degrees, confidence) - bound) < 1e-4, `${degrees}, ${confidence}`);
    assert.throws(() => tBound(0, 0.95), RangeError);
  });

  it('tells what varies with data seeds from what varies with training seeds', () => {
    assert.deepEqual(spreadOf([[0.5]]), { mean: 0.5, sdData: null, sdTraining: null });
    const ofData = spreadOf([
      [0.1, 0.1],
      [0.3, 0.3],
    ]);
    assert.ok(Math.abs(ofData.sdData! - Math.SQRT2 / 10) < 1e-12);
    assert.equal(ofData.sdTraining, 0);
    const ofTraining = spreadOf([
      [0.1, 0.3],
      [0.3, 0.1],
    ]);
    assert.equal(ofTraining.sdData, 0);
    assert.ok(Math.abs(ofTraining.sdTraining! - Math.SQRT2 / 10) < 1e-12);
  });

  it('lies in its interval, which widens with the level and moves with the figures', () => {
    const figures = fc.array(
      fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 1 }),
      {
        ...{ minLength: 2, maxLength: 10 },
      },
    );
    fc.assert(
      fc.property(figures, (given) => {
        const [narrow, wide] = [intervalOf(given, 0.8), intervalOf(given, 0.95)];
        assert.ok(wide.low! <= narrow.low! && narrow.low! <= narrow.mean + 1e-12);
        assert.ok(narrow.mean <= narrow.high! + 1e-12 && narrow.high! <= wide.high!);
        const moved = intervalOf(
          given.map((some) => some.map((value) => value + 1)),
          0.95,
        );
        assert.ok(Math.abs(moved.low! - wide.low! - 1) < 1e-9);
      }),
    );
    assert.deepEqual(intervalOf([[0.2, 0.4]], 0.95).low, null);
  });
});

describe('the table of a grid', () => {
  type Figures = Record<'semievol' | 'epochs', number> & { steps?: number };

  function run(cell: string, dataSeed: number, { semievol, ...sft }: Figures): GridRun {
    const valued = Object.fromEntries(
      Object.entries(sft).map(([variant, value]) => [variant, { value }]),
    );
    const values = { base: { value: 0.1 }, semievol: { value: semievol }, sft: valued };
    const isBetter = (sft.steps ?? 0) > sft.epochs;
    const report = {
      metrics: [{ name: 'accuracy', values }],
      sftBaseline: isBetter ? 'steps' : 'epochs',
      pseudoLabels: { all: { value: null }, selected: { value: null }, count: 0 },
      seconds: {},
      usage: [],
      bill: { cost: null, unpriced: [] },
    };
    const rounds = [report] as unknown as GridRun['rounds'];
    return { cell, run: `${cell}-${dataSeed}`, dataSeed, trainingSeed: 0, rounds, labels: [] };
  }

  it('says which figures are cross-fitted estimates', () => {
    const folded = { name: 'folded', spec: { data: { test: null }, gate: {} } };
    const estimated = run('folded', 0, { semievol: 0.7, epochs: 0.6, steps: 0.5 });
    Object.assign(estimated.rounds[0]!, { estimate: 'cross-fitted' });
    const runs = [run('semievol', 0, { semievol: 0.8, epochs: 0.6, steps: 0.7 }), estimated];
    const cells = Object.values(named({ cells: [folded], percentiles: [60] }));
    const input = { grid: 'grid', cells, seeds: { data: [0], training: [0] } };
    const textOf = (of: GridRun[]) => markdown(gridSections(gridTable({ ...input, runs: of })));

    const text = textOf(runs);
    assert.match(text, /\| cell \| runs \| accuracy \| graded \|/);
    assert.match(text, /\| semievol \| 1 \| 80\.0 % \| on the test split \|/);
    assert.match(text, /\| folded \| 1 \| 70\.0 % \| by a cross-fitted estimate \|/);
    assert.match(text, /A cross-fitted estimate is no figure of the models themselves/);
    const byCell = new Map(
      gridCsv(gridTable({ ...input, runs }))
        .split('\r\n')
        .map((line) => [line.split(',')[0], line.split(',')[4]]),
    );
    assert.deepEqual(
      ['cell', 'SFT', 'folded', 'percentile-60'].map((name) => byCell.get(name)),
      ['estimate', 'test', 'cross-fitted', ''],
    );
    assert.doesNotMatch(textOf(runs.slice(0, 1)), /graded|cross-fitted/);
  });

  it('compares a cell with the better SFT of its own run, or of the base where it has but one', () => {
    const own = { name: 'slow', spec: { training: { learningRateMultiplier: 0.5 } } };
    const { rows } = gridTable({
      grid: 'grid',
      cells: Object.values(named({ cells: [own], percentiles: [60] })),
      seeds: { data: [0, 1], training: [0] },
      runs: [
        run('semievol', 0, { semievol: 0.8, epochs: 0.6, steps: 0.7 }),
        run('semievol', 1, { semievol: 0.9, epochs: 0.8, steps: 0.7 }),
        run('slow', 0, { semievol: 0.7, epochs: 0.5, steps: 0.4 }),
        run('percentile-60', 0, { semievol: 0.75, epochs: 0.6 }),
        run('percentile-60', 1, { semievol: 0.85, epochs: 0.8 }),
      ],
    });
    const less = (name: string) =>
      rows.find(({ names }) => names[0] === name)?.difference?.mean.toFixed(2);
    assert.deepEqual(['semievol', 'slow', 'percentile-60', 'vanilla'].map(less), [
      '0.10',
      '0.20',
      '0.05',
      '-0.65',
    ]);
  });
});

describe('a bound', () => {
  const grade = (label: string | null, { answer }: { answer?: string }) => [
    { got: label === answer ? 1 : 0, of: 1 },
  ];
  const example = { id: 'aa', question: 'what?', answer: 'a' };
  const verdict = { label: 'b', entropy: 0.5 } as Verdict;

  it('looks at gold answers, and is nothing unless a spec asks for it', () => {
    const labels = (bound: Bound | undefined, label: string | null, of: Example = example) =>
      boundedBy(bound, { ...verdict, label }, of, { grade }).label;
    assert.deepEqual(labels(undefined, 'b'), 'b');
    assert.deepEqual([labels('oracle', 'a'), labels('oracle', 'b')], ['a', null]);
    assert.deepEqual([labels('ceiling', 'b'), labels('ceiling', null)], ['a', 'a']);
    const unknown = { id: 'bb', question: 'who knows?' };
    assert.deepEqual(
      [labels('oracle', 'a', unknown), labels('ceiling', 'a', unknown)],
      [null, null],
    );
    assert.equal(named({}).semievol!.spec.bound, undefined);
  });
});

describe('the labels of a run', () => {
  it('are worth what their surest part is, by each score', () => {
    const verdict = (entropy: number | null, label: string | null) => ({
      ...{ label, agreed: false, entropy, probability: null, votes: 1, collaborators: 2 },
      ...{ neighbourVotes: null },
    });
    const labels = [
      { verdict: verdict(0.1, 'a'), right: true },
      { verdict: verdict(0.2, 'a'), right: true },
      { verdict: verdict(0.3, 'b'), right: true },
      { verdict: verdict(0.4, 'b'), right: false },
      { verdict: verdict(null, 'b'), right: false },
      { verdict: verdict(0.1, null), right: false },
    ] as unknown as Parameters<typeof labelQuality>[1];
    const entropy = SCORES.find(({ name }) => name === 'entropy')!;
    assert.deepEqual(labelQuality('vote', labels, entropy), {
      ...{ way: 'vote', score: 'entropy', of: 4, auroc: 1, precision: [1, 1, 1, 0.75] },
      half: [{ label: 'a', count: 2 }],
      balanced: { cap: null, prior: null },
    });
    const known = { classes: ['a', 'b'], labelled: [0, 3] };
    // One of each class; then two of b, since no labelled example is of a.
    assert.deepEqual(labelQuality('vote', labels, entropy, known).balanced, { cap: 1, prior: 0.5 });
  });
});

describe('a grid under way', () => {
  const pace = (left: number, done = 0, took = 0) => ({ left, done, took });
  const left = (cells: GridStatus['cells'], running = ['g.a']) =>
    timeLeft({
      ...{ grid: 'g', total: 9, done: 0, before: 0, failed: [], paused: false },
      ...{ cells, running },
    });

  it('takes as long as the runs of each cell before', () => {
    assert.equal(left([pace(2, 1, 600), pace(2, 1, 100), pace(3, 1, 200)]), 1_200 + 200 + 600);
  });

  it('takes as long in a cell that had no turn as in the others but the first, which pays for all', () => {
    assert.equal(left([pace(1, 1, 600), pace(1, 1, 100), pace(2)]), 600 + 100 + 200);
    assert.equal(left([pace(1), pace(0, 2, 200)]), 100, 'nor had the first');
  });

  it('takes less where several are at work', () => {
    assert.equal(left([pace(2, 1, 600)], ['g.a', 'g.b']), 600);
  });

  it('says nothing before it knows', () => {
    assert.equal(left([pace(2), pace(2)]), undefined);
    assert.equal(left([pace(1, 1, 600), pace(2)]), undefined);
  });
});

describe('CSV', () => {
  it('quotes what needs it, and leaves nothing empty', () => {
    assert.equal(csv([['a,b', 'c"d', null, 0.5]]), '"a,b","c""d",,0.5\r\n');
  });
});
