import { finalFailure } from '../core/failures.ts';
import type { Collected, CollectInput } from '../core/living/collecting.ts';
import { activitiesWith } from './activities.ts';

/**
 * Looks once for new files in a watched place, and hands them to a run; a schedule starts it. Fails
 * where files could not be used, when it has taken the others.
 *
 * @internal
 */
export async function collect(input: CollectInput): Promise<Collected> {
  const collected = await activitiesWith().collect(input, `look for new files in ${input.from}`);
  const { refused } = collected;
  if (refused.length === 0) return collected;
  const all = refused.map(({ file, problem }) => `${file}: ${problem}`).join('; ');
  throw finalFailure('DataError', `${refused.length} files were not taken: ${all}`);
}
