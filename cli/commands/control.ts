import type { Command } from 'commander';
import type { RunHandle } from '../../client/runHandle.ts';
import { configOf, print, withClient } from '../context.ts';

interface Control {
  act(run: RunHandle): Promise<void>;
  /** What has been asked for, for the user. */
  done(run: string): string;
}

const CONTROLS: Record<string, Control> = {
  pause: {
    act: (run) => run.pause(),
    done: (run) => `"${run}" pauses; "semievol resume ${run}" lets it go on`,
  },
  resume: {
    act: (run) => run.resume(),
    done: (run) => `"${run}" goes on`,
  },
  cancel: {
    act: (run) => run.cancel(),
    done: (run) => `"${run}" is being cancelled; "semievol status ${run}" shows when it has ended`,
  },
};

/** `pause`, `resume` and `cancel`. */
export default async function control(
  run: string,
  { json }: { json?: boolean },
  command: Command,
): Promise<void> {
  const name = command.name();
  const { act, done } = CONTROLS[name]!;
  await withClient(await configOf(command), (client) => act(client.get(run)));
  print(json, { run, done: name }, done(run));
}
