import { combined } from './combined.ts';
import { entropy } from './entropy.ts';
import { neighbours } from './neighbours.ts';
import { probability } from './probability.ts';
import { votes } from './votes.ts';

/** The scores there are without extensions; of equally good ones the first is taken, the paper's. */
export const SCORES = [entropy, probability, votes, neighbours, combined] as const;

/** What a spec goes by that names no score, and `auto` where it cannot choose. */
export const DEFAULT_SCORE = entropy.name;
