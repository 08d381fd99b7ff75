import { createHash } from 'node:crypto';
import { resolve } from 'node:path';
import canonicalize from 'canonicalize';
import { cellsOf } from '../core/grid/cells.ts';
import type { Written } from '../core/grid/merge.ts';
import { type GridGroup, type GridPlan, specOf } from '../core/grid/plan.ts';
import type { GridSpec } from '../core/grid/spec.ts';
import type { Registry } from '../core/registry.ts';
import { dataFingerprint } from '../data/fingerprint.ts';
import { SpecError } from './errors.ts';
import type { StartOptions } from './work.ts';

/** The longest name of a run. */
const LONGEST = 100;

/** What a grid is run on. */
export interface GridOptions extends Omit<StartOptions, 'folder'> {
  /** The run spec that all cells start from, as it is written; `name` and `seed` are set for each. */
  base: Written;
  /**
   * The folder that relative paths of data files start at, from which data seeds draw; or a function
   * that gives the folder of each data seed, where its own files lie.
   */
  folder: string | ((dataSeed: number) => string);
}

/**
 * The runs of a grid. The name of each ends in a hash of its spec and of what its files hold: a
 * changed cell, or other data, is another run, and what is as it was is found again.
 * @throws SpecError; DataError
 */
export async function planGrid(
  grid: GridSpec,
  { base, folder }: GridOptions,
  registry: Registry,
): Promise<GridPlan> {
  const found = cellsOf(grid, base, registry);
  if ('problems' in found) throw new SpecError(found.problems, 'the grid');
  const { cells } = found;
  const draws = typeof folder === 'string';
  const plan: GridPlan = { name: grid.name, cells, groups: [], window: grid.window, draws };
  for (const dataSeed of grid.seeds.data) {
    const place = resolve(typeof folder === 'string' ? folder : folder(dataSeed));
    const data = await fingerprints(plan, place);
    for (const trainingSeed of grid.seeds.training) {
      const group: GridGroup = {
        ...{ dataSeed, trainingSeed, folder: place },
        runs: cells.map(({ name }) => `${grid.name}.${name}.d${dataSeed}.t${trainingSeed}`),
      };
      group.runs = group.runs.map((name, cell) => {
        const hash = createHash('sha256').update(
          canonicalize([specOf(plan, group, cell), data[cell]])!,
        );
        return `${name}.${hash.digest('hex').slice(0, 6)}`;
      });
      plan.groups.push(group);
    }
  }
  const tooLong = plan.groups.flatMap(({ runs }) => runs).find(({ length }) => length > LONGEST);
  if (tooLong)
    throw new SpecError(
      [
        `a run would be called "${tooLong}", of more than ${LONGEST} characters: shorten the names of the grid and the cell`,
      ],
      'the grid',
    );
  return plan;
}

/** What the data files of each cell hold; null where they cannot be read here. */
async function fingerprints({ cells }: GridPlan, folder: string): Promise<(string | null)[]> {
  const known = new Map<string, Promise<string | undefined>>();
  const found = cells.map(async ({ spec: { data } }) => {
    const files = JSON.stringify([data.labelled, data.unlabelled, data.test]);
    const fingerprint = known.get(files) ?? dataFingerprint({ data, folder });
    known.set(files, fingerprint);
    return (await fingerprint) ?? null;
  });
  return Promise.all(found);
}
