import { setFlagsFromString } from 'node:v8';
import type { Command } from 'commander';
import { configOf } from '../context.ts';

export function addWorker(program: Command): void {
  program
    .command('worker')
    .description('run a worker until Ctrl-C; start as many as there is work for')
    .addHelpText('after', '\nExample:\n  $ TEMPORAL_ADDRESS=temporal:7233 semievol worker')
    .action(async (_options: object, command: Command) => {
      const config = await configOf(command);
      // V8 would let garbage pile up to several times of what is in use.
      setFlagsFromString('--heap-growing-percent=50');
      // Only this command needs the store and the bundler.
      const { DefaultLogger, Runtime } = await import('@temporalio/worker');
      const { createWorker } = await import('../../workers/worker.ts');
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
    });
}
