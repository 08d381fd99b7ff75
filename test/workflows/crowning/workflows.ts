import type { CrownInput } from '../../../activities/crown.ts';
import type { Champion } from '../../../core/living/runState.ts';
import { crown } from '../../../workflows/crown.ts';

export { announce } from '../../../workflows/announce.ts';

/** Crowns as a run does between its rounds. */
export async function crowning(input: CrownInput): Promise<Champion> {
  return crown(input, {});
}
