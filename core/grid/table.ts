import type { Estimated } from '../gate/gradedOn.ts';
import type { RoundReport } from '../roundReport.ts';
import { addSpent, NOTHING_SPENT, type Spent, spentIn } from '../spent.ts';
import type { Estimate } from '../statistics.ts';
import { COVERAGES, type LabelQuality } from './labels.ts';
import type { GridCell } from './plan.ts';
import { BASE_CELL } from './spec.ts';
import { type BySeed, type Interval, intervalOf, type Spread, spreadOf } from './spread.ts';

/** Level of the intervals over seeds. */
const CONFIDENCE = 0.95;

/** A run of a grid that has completed, with the reports of its rounds in order. */
export interface GridRun {
  cell: string;
  run: string;
  dataSeed: number;
  trainingSeed: number;
  rounds: RoundReport[];
  /** What the labels of its last round are worth, by ways and scores. */
  labels: LabelQuality[];
}

/** What the labels of a cell are worth by a way and a score: means over its runs. */
export interface LabelRow
  extends Pick<LabelQuality, 'way' | 'score' | 'auroc' | 'precision' | 'balanced'> {
  cell: string;
}

/** What a cell has come to over all its runs so far. */
export interface GridRow {
  /** Its name, and the others that it goes by. */
  names: string[];
  /** Runs that have completed, out of so many. */
  runs: number;
  of: number;
  /** By the task's first metric; null where no run has completed. */
  value: Spread | null;
  /** What that was made on; the test split where it is left out. */
  estimate?: Estimated;
  /** The value less that of the better SFT, seed by seed: the run's own, or the base's where it has but one. */
  difference: Interval | null;
  /** Means of the shares of right pseudo-labels, 0..1, where the unlabelled rows carry gold answers. */
  labels: { all: number | null; selected: number | null };
  /** Mean number of selected pseudo-labels. */
  kept: number | null;
  /** Mean of the sums of the seconds of its phases. */
  seconds: number | null;
  /** All that its runs have paid themselves: what they took over, another has paid. */
  spent: Spent;
}

/** What a grid has come to; `semievol reproduce --json` writes it. */
export interface GridTable {
  grid: string;
  /** Name of the task's first metric; missing while no run has completed. */
  metric?: string;
  /** Level of the intervals. */
  confidence: number;
  seeds: { data: number[]; training: number[] };
  rows: GridRow[];
  /** Of each cell whose labels are others than those of the cells before, on the same data. */
  labels: LabelRow[];
  runs: GridRun[];
}

/** How the table of a grid is made of its runs. */
export interface TableInput {
  grid: string;
  cells: readonly GridCell[];
  seeds: GridTable['seeds'];
  runs: readonly GridRun[];
}

/** The table of a grid: vanilla and SFT as the base's runs have them, then its cells. */
export function gridTable({ grid, cells, seeds, runs }: TableInput): GridTable {
  const of = seeds.data.length * seeds.training.length;
  const ofCell = (name: string) => runs.filter(({ cell }) => cell === name);
  const base = ofCell(BASE_CELL);
  const nothing = { labels: { all: null, selected: null }, kept: null, seconds: null };
  const without = { ...nothing, spent: NOTHING_SPENT, of, runs: base.length };
  const sftOfSeeds = (run: GridRun) => sftOf(base.find((one) => isOfSeeds(one, run)) ?? run);
  const rows: GridRow[] = [
    { names: ['vanilla'], ...without, ...comparedBy(base, vanillaOf, sftOf) },
    { names: ['SFT'], ...without, ...comparedBy(base, sftOf, sftOf), difference: null },
    ...cells.map(({ name, also, spec }) => {
      const own = ofCell(name);
      const sft = spec.evaluation.sft === 'both' ? sftOf : sftOfSeeds;
      const seen = { runs: own.length, seconds: mean(own.map(secondsOf)), spent: spentBy(own) };
      // Its base model is what is looked at.
      if (spec.evaluation.rag)
        return {
          names: [name, ...also],
          of,
          ...nothing,
          ...seen,
          ...comparedBy(own, vanillaOf, sft),
        };
      return {
        ...{ names: [name, ...also], of, ...seen },
        ...comparedBy(own, semievolOf, sft),
        labels: {
          all: meanOver(own, ({ pseudoLabels }) => pseudoLabels.all.value),
          selected: meanOver(own, ({ pseudoLabels }) => pseudoLabels.selected.value),
        },
        kept: meanOver(own, ({ pseudoLabels }) => pseudoLabels.count),
      };
    }),
  ];
  const metric = runs[0]?.rounds.at(-1)?.metrics[0]?.name;
  const labels = labelRows(cells.map(({ name }) => ({ name, runs: ofCell(name) })));
  return { grid, metric, confidence: CONFIDENCE, seeds, rows, labels, runs: [...runs] };
}

function labelRows(cells: readonly { name: string; runs: GridRun[] }[]): LabelRow[] {
  const known = new Set<string>();
  return cells.flatMap(({ name, runs }) => {
    const all = runs.flatMap(({ labels }) => labels);
    const found = JSON.stringify(all);
    if (known.has(found)) return [];
    known.add(found);
    return [...Map.groupBy(all, ({ way, score }) => `${way}/${score}`).values()].map((of) => ({
      ...{ cell: name, way: of[0]!.way, score: of[0]!.score },
      auroc: mean(of.flatMap(({ auroc }) => auroc ?? [])),
      balanced: {
        cap: mean(of.flatMap(({ balanced }) => balanced.cap ?? [])),
        prior: mean(of.flatMap(({ balanced }) => balanced.prior ?? [])),
      },
      precision: COVERAGES.map((_, index) =>
        mean(of.flatMap(({ precision }) => precision[index] ?? [])),
      ),
    }));
  });
}

type Of = (run: GridRun) => number | null;

type Values = RoundReport['metrics'][number]['values'];

const lastOf = ({ rounds }: GridRun): RoundReport => rounds.at(-1)!;
const valueIn = (run: GridRun, of: (values: Values) => Estimate): number | null =>
  of(lastOf(run).metrics[0]!.values).value;

const vanillaOf: Of = (run) => valueIn(run, ({ base }) => base);
const semievolOf: Of = (run) => valueIn(run, ({ semievol }) => semievol);
/** The better of the two, as the report has found it. */
const sftOf: Of = (run) => valueIn(run, ({ sft }) => sft[lastOf(run).sftBaseline]);

const isOfSeeds = (one: GridRun, other: GridRun) =>
  one.dataSeed === other.dataSeed && one.trainingSeed === other.trainingSeed;

function comparedBy(
  runs: readonly GridRun[],
  of: Of,
  sftOf: Of,
): Pick<GridRow, 'value' | 'estimate' | 'difference'> {
  // Of one spec, all of them were made on the same.
  const estimate = runs[0] && lastOf(runs[0]).estimate;
  const figures = bySeed(runs, of);
  const differences = bySeed(runs, (run) => {
    const [value, sft] = [of(run), sftOf(run)];
    return value === null || sft === null ? null : value - sft;
  });
  return {
    value: figures.length > 0 ? spreadOf(figures) : null,
    ...(estimate && { estimate }),
    difference: differences.length > 0 ? intervalOf(differences, CONFIDENCE) : null,
  };
}

/** What the last rounds of runs say, by data seed. */
function bySeed(runs: readonly GridRun[], of: Of): BySeed {
  const groups = Map.groupBy(runs, ({ dataSeed }) => dataSeed);
  return [...groups.values()]
    .map((some) => some.flatMap((run) => of(run) ?? []))
    .filter(({ length }) => length > 0);
}

function meanOver(
  runs: readonly GridRun[],
  of: (report: RoundReport) => number | null,
): number | null {
  return mean(runs.flatMap((run) => of(lastOf(run)) ?? []));
}

const mean = (values: readonly number[]): number | null =>
  values.length === 0 ? null : values.reduce((sum, value) => sum + value, 0) / values.length;

const secondsOf = ({ rounds }: GridRun): number =>
  rounds
    .flatMap(({ seconds }) => Object.values(seconds))
    .reduce((sum, seconds) => sum + seconds, 0);

function spentBy(runs: readonly GridRun[]): Spent {
  return runs.flatMap(({ rounds }) => rounds.map(spentIn)).reduce(addSpent, NOTHING_SPENT);
}
