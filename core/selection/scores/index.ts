import { entropy } from './entropy.ts';
import { votes } from './votes.ts';

/** The scores there are without extensions. */
export const SCORES = [entropy, votes] as const;
