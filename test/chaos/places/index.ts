import { azure } from './azure.ts';
import { batch } from './batch.ts';
import { command } from './command.ts';
import { gateway } from './gateway.ts';
import type { Place } from './place.ts';
import { three } from './three.ts';

/** Where the requests and jobs of a run may go. */
export const PLACES = { gateway, three, batch, azure, command } satisfies Record<string, Place>;
export type PlaceName = keyof typeof PLACES;
