import { randomUUID } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** Writes a configuration as a module for `--config`. @returns its path */
export async function writeConfig(folder: string, config: object): Promise<string> {
  const file = join(folder, `temporal.config-${randomUUID()}.mjs`);
  await writeFile(file, `export default ${JSON.stringify(config)};\n`);
  return file;
}
