import { cpus, totalmem } from 'node:os';
import packageJson from '../../package.json' with { type: 'json' };

/** Where and with what a bench ran. */
export function surroundings() {
  const { version, dependencies, devDependencies } = packageJson;
  return {
    machine: {
      cpus: cpus().length,
      model: cpus()[0]?.model ?? 'unknown',
      memoryGiB: Math.round(totalmem() / 2 ** 30),
      platform: `${process.platform} ${process.arch}`,
    },
    versions: {
      semievol: version,
      node: process.versions.node,
      openai: dependencies.openai,
      lancedb: dependencies['@lancedb/lancedb'],
      temporal: devDependencies['@temporalio/worker'],
    },
  };
}
