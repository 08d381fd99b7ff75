import { setTimeout as sleep } from 'node:timers/promises';
import { passingFailure } from '../core/failures.ts';
import type { TrainerEndpoint } from './trainer.ts';

/**
 * Takes something down that a provider needs a while for.
 * @param step asks for it once more; gives what it is still like, undefined once it is gone
 * @throws ApplicationFailure, to try again, where it stands for long
 */
export async function untilGone(
  { name, config }: Pick<TrainerEndpoint, 'name' | 'config'>,
  step: () => Promise<string | undefined>,
): Promise<void> {
  const end = Date.now() + 1000 * config.finalAfterSeconds;
  for (let state = await step(); state !== undefined; state = await step()) {
    if (Date.now() >= end)
      throw passingFailure(
        'NotUndeployed',
        `endpoint "${name}": a deployment is ${state}, and not taken down yet`,
      );
    await sleep(1000 * config.pollSeconds);
  }
}
