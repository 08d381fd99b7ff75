import { setFlagsFromString } from 'node:v8';
import { DefaultLogger, Runtime } from '@temporalio/worker';
import type { Command } from 'commander';
import { createWorker } from '../../workers/worker.ts';
import { configOf } from '../context.ts';

export default async function worker(
  { taskQueue }: { taskQueue?: string },
  command: Command,
): Promise<void> {
  const { temporal, ...others } = await configOf(command);
  const config = { ...others, temporal: { ...temporal, ...(taskQueue && { taskQueue }) } };
  // V8 would let garbage pile up to several times of what is in use.
  setFlagsFromString('--heap-growing-percent=50');
  Runtime.install({ logger: new DefaultLogger('WARN') });
  const worker = await createWorker(config);
  const version = worker.options.workerDeploymentOptions?.version;
  const build = version
    ? ` as build "${version.buildId}" of deployment "${version.deploymentName}", whose current build gets the new rounds`
    : '';
  process.stderr.write(
    `worker polls task queue "${config.temporal.taskQueue}"${build}; Ctrl-C stops it\n`,
  );
  await worker.run();
}
