import { existsSync } from 'node:fs';
import { printable } from '../core/text.ts';
import { CliError } from './errors.ts';

/** The file of a run spec. @throws CliError where there is none */
export function findSpec(file: string): string {
  if (existsSync(file)) return file;
  throw new CliError(
    `run spec ${printable(file)} not found in ${process.cwd()}: examples/ has some to start from`,
  );
}
