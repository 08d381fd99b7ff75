import { sentenceOf } from '../issues.ts';
import type { Registry } from '../registry.ts';
import type { RunSpec, RunSpecInput } from '../spec.ts';
import { cellsOfAxes, type WrittenCell } from './axes.ts';
import { merged, type Written } from './merge.ts';
import type { GridCell } from './plan.ts';
import { BASE_CELL, type GridSpec } from './spec.ts';

/** What a grid holds, or what is wrong with it. */
export type GridCells = { cells: GridCell[] } | { problems: string[] };

/**
 * The cells of a grid, the base first. Of those that come to the same spec there is one, which goes
 * by the names of all.
 * @param base the run spec that all start from, as it is written
 * @param registry the kinds that specs may name
 */
export function cellsOf(
  grid: GridSpec,
  base: Written,
  { runSpec }: Pick<Registry, 'runSpec'>,
): GridCells {
  const read = ({ name, spec }: WrittenCell): { spec: RunSpec } | { problems: string[] } => {
    const { share: _, ...own } = merged(base, spec);
    const written = { ...own, name: BASE_CELL, seed: 0, until: grid.until };
    const result = runSpec.safeParse(written as RunSpecInput);
    if (result.success) return { spec: result.data };
    const sentences = result.error.issues.map((issue) =>
      sentenceOf(issue, written, { showTexts: true }),
    );
    return { problems: sentences.map((sentence) => `cell "${name}": ${sentence}`) };
  };
  const first = read({ name: BASE_CELL, spec: {} });
  if ('problems' in first) return first;
  const axes = cellsOfAxes(grid, first.spec);
  const asked = [...grid.cells, ...axes];
  const problems = [...amountProblems(grid, first.spec)];
  const cells = [{ name: BASE_CELL, also: [] as string[], spec: first.spec }];
  const known = new Map([[JSON.stringify(first.spec), cells[0]!]]);
  for (const cell of asked) {
    const found = read(cell);
    if ('problems' in found) {
      problems.push(...found.problems);
      continue;
    }
    const key = JSON.stringify(found.spec);
    const same = known.get(key);
    if (same) same.also.push(cell.name);
    else {
      const spec = axes.includes(cell) ? withoutEqualSteps(found.spec) : found.spec;
      const added = { name: cell.name, also: [], spec };
      known.set(key, added);
      cells.push(added);
    }
  }
  const names = cells.flatMap(({ name, also }) => [name, ...also]);
  const twice = names.filter((name, index) => names.indexOf(name) !== index);
  problems.push(...[...new Set(twice)].map((name) => `two cells are called "${name}": rename one`));
  return problems.length > 0 ? { problems } : { cells };
}

/** It trains SFT as the base does, so the base's is what it is compared with. */
const withoutEqualSteps = (spec: RunSpec): RunSpec => ({
  ...spec,
  evaluation: { ...spec.evaluation, sft: 'equal-epochs' },
});

/** What is wanted of the data, and cannot be had. */
function amountProblems({ demo, ratios, seeds }: GridSpec, { data }: RunSpec): string[] {
  const problems: string[] = [];
  if (ratios.length > 0 && !demo && data.limits.labelled === undefined)
    problems.push('ratios: set data.limits.labelled in the base, which they multiply');
  const most = Math.max(0, ...ratios);
  if (demo && most * demo.labelled > demo.unlabelled)
    problems.push(
      `ratios: ${most} times ${demo.labelled} labelled examples are more than the ${demo.unlabelled} of demo.unlabelled: raise that`,
    );
  if (!demo && seeds.data.length > 1 && Object.keys(data.limits).length === 0)
    problems.push(
      'seeds.data: set data.limits in the base, which say how many examples a seed draws; without any each seed has all of them',
    );
  return problems;
}
