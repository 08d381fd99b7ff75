import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { ConfigError } from './errors.ts';

/** The path of a configuration module. @throws ConfigError where there is none */
export function findConfig(file: string): string {
  const path = resolve(file);
  if (existsSync(path)) return path;
  throw new ConfigError(
    `${file} not found in ${process.cwd()}: run semievol in the folder that holds it, or name it with --config FILE`,
  );
}
