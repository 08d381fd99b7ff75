import type { Command } from 'commander';
import type { RunHandle } from '../../client/runHandle.ts';
import { configOf, print, withClient } from '../context.ts';

interface Control {
  act(run: RunHandle): Promise<void>;
  /** What holds the run all the same. */
  heldBy?(run: RunHandle): Promise<string | undefined>;
  /** What has been asked for, for the user. */
  done(run: string, held?: string): string;
}

const CONTROLS: Record<string, Control> = {
  pause: {
    act: (run) => run.pause(),
    done: (run) => `"${run}" pauses; "semievol resume ${run}" lets it go on`,
  },
  resume: {
    act: (run) => run.resume(),
    async heldBy(run) {
      const { status } = await run.status();
      return status?.hold?.warning === 'BudgetReached' ? status.hold.why : undefined;
    },
    done: (run, held) => (held ? `"${run}" stays paused: ${held}` : `"${run}" goes on`),
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
  const { act, heldBy, done } = CONTROLS[name]!;
  const held = await withClient(await configOf(command), async (client) => {
    await act(client.get(run));
    return heldBy?.(client.get(run));
  });
  print(json, { run, done: name, ...(held && { held }) }, done(run, held));
}
