import { calibrated } from './calibrated.ts';
import { official } from './official.ts';
import { paper } from './paper.ts';

/** The selection rules there are without extensions. */
export const SELECTION_RULES = [paper, official, calibrated] as const;
