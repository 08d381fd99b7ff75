import { existsSync } from 'node:fs';
import { printable } from '../core/text.ts';
import { CliError } from './errors.ts';

/** The file of a run spec. @throws CliError where there is none */
export const findSpec = (file: string): string => find('run spec', file);

/** The file of a grid. @throws CliError where there is none */
export const findGrid = (file: string): string => find('grid', file);

function find(what: string, file: string): string {
  if (existsSync(file)) return file;
  throw new CliError(
    `${what} ${printable(file)} not found in ${process.cwd()}: examples/ has some to start from`,
  );
}
