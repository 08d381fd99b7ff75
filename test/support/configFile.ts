import { randomUUID } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Config } from '../../config/config.ts';

/** Modules whose default exports are the extensions of a configuration. */
export type ExtensionModules = Partial<Record<keyof Config['extensions'], readonly URL[]>>;

/**
 * Writes a configuration as a module for `--config`.
 * @param extensions functions cannot be written: the modules they are in
 * @returns its path
 */
export async function writeConfig(
  folder: string,
  config: object,
  extensions: ExtensionModules = {},
): Promise<string> {
  const file = join(folder, `temporal.config-${randomUUID()}.mjs`);
  const lists = Object.entries(extensions).map(([list, modules]) => {
    const imports = modules.map(({ href }) => `(await import(${JSON.stringify(href)})).default`);
    return `${list}: [${imports}]`;
  });
  const plain = JSON.stringify({ ...config, extensions: undefined });
  await writeFile(file, `export default { ...${plain}, extensions: { ${lists} } };\n`);
  return file;
}
