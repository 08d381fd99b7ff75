import { batch } from './batch.ts';
import { gateway } from './gateway.ts';
import type { Place } from './place.ts';
import { three } from './three.ts';

/** Where the requests and jobs of a run may go. */
export const PLACES = { gateway, three, batch } satisfies Record<string, Place>;
export type PlaceName = keyof typeof PLACES;
