import { parseArgs } from 'node:util';
import { loadConfig } from './config.ts';
import { createWorker } from './worker.ts';

/** A worker as a process of its own; SIGINT and SIGTERM let it finish within its grace time. */
const { values } = parseArgs({ options: { config: { type: 'string' } } });
try {
  const worker = await createWorker(await loadConfig(values.config));
  await worker.run();
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
