import { entropy } from './entropy.ts';
import { probability } from './probability.ts';
import { votes } from './votes.ts';

/** The scores there are without extensions. */
export const SCORES = [entropy, probability, votes] as const;
