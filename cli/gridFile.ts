import { dirname, join, resolve } from 'node:path';
import { z } from 'zod';
import type { GridOptions } from '../client/gridPlan.ts';
import { merged } from '../core/grid/merge.ts';
import { type GridSpec, gridSpec } from '../core/grid/spec.ts';
import { printable } from '../core/text.ts';
import { writeDemoData } from '../demo/data.ts';
import { demoSpec } from '../demo/spec.ts';
import { CliError } from './errors.ts';
import { readYaml } from './specFile.ts';

const written = z.record(z.string(), z.unknown());

/** A grid, and what it is run on. */
export interface GridFile {
  grid: GridSpec;
  options: GridOptions;
}

/** Where data are. */
export interface GridPlaces {
  /** Folder of the data files; that of the base's spec file when left out. */
  data?: string;
  /** Below it the data of the built-in task are written, a folder for each grid and data seed. */
  drawn: string;
}

/**
 * Reads a grid with its base, and writes the data that its seeds draw of the built-in task.
 * @throws CliError
 */
export async function readGridFile(file: string, { data, drawn }: GridPlaces): Promise<GridFile> {
  const grid = await readYaml(file, gridSpec);
  if (grid.base === undefined && !grid.demo)
    throw new CliError(
      `${printable(file)}: base is missing: give the run spec to start from, or demo: {} for the built-in task`,
    );
  const isPath = typeof grid.base === 'string';
  const basePath = isPath ? resolve(dirname(file), grid.base as string) : file;
  const given = isPath
    ? await readYaml(basePath, written)
    : ((grid.base ?? {}) as typeof written._output);
  const { demo, seeds } = grid;
  if (!demo) return { grid, options: { base: given, folder: data ?? dirname(basePath) } };
  const folder = (seed: number) => join(drawn, grid.name, `d${seed}`);
  try {
    for (const seed of seeds.data) await writeDemoData(folder(seed), demo, seed);
  } catch (error) {
    if (error instanceof RangeError) throw new CliError(error.message);
    throw error;
  }
  return { grid, options: { base: merged({ ...demoSpec(grid.name, 0) }, given), folder } };
}
