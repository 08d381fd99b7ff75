import type { WorkflowHandle } from '@temporalio/client';
import type { Command } from 'commander';
import { describeRun } from '../../client/runView.ts';
import { configOf, print, withClient } from '../context.ts';
import { CliError, exitCode } from '../errors.ts';

interface Control {
  name: string;
  description: string;
  act(handle: WorkflowHandle): Promise<unknown>;
  /** What has been asked for, for the user. */
  done(run: string): string;
}

const controls: Control[] = [
  {
    name: 'pause',
    description: 'begin no new batch and no new phase; what is under way ends',
    act: (handle) => handle.signal('pause'),
    done: (run) => `"${run}" pauses; "semievol resume ${run}" lets it go on`,
  },
  {
    name: 'resume',
    description: 'let a paused run go on',
    act: (handle) => handle.signal('resume'),
    done: (run) => `"${run}" goes on`,
  },
  {
    name: 'cancel',
    description: 'end a run and the fine-tuning job it waits for; what is stored stays',
    act: (handle) => handle.cancel(),
    done: (run) => `"${run}" is being cancelled; "semievol status ${run}" shows when it has ended`,
  },
];

/** `pause`, `resume` and `cancel`. */
export function addControls(program: Command): void {
  for (const control of controls)
    program
      .command(control.name)
      .description(control.description)
      .argument('<run>', 'name of the run')
      .option('--json', 'print JSON')
      .addHelpText('after', `\nExample:\n  $ semievol ${control.name} fpb`)
      .action(async (run: string, { json }: { json?: boolean }, command: Command) => {
        await withClient(await configOf(command), async (client) => {
          const { status } = await describeRun(client, run);
          if (status.name !== 'RUNNING')
            throw new CliError(`run "${run}" is not running: it has ${status.name.toLowerCase()}`, {
              exit: exitCode.failed,
            });
          await control.act(client.workflow.getHandle(run));
          print(json, { run, done: control.name }, control.done(run));
        });
      });
}
