import type { StartCheck } from '../client/check.ts';

/** Lines on what is to be known before a run or a grid starts. */
export const remarksOf = ({
  notes,
  warnings,
}: Pick<StartCheck, 'notes' | 'warnings'>): string[] => [
  ...notes,
  ...warnings.map((warning) => `warning: ${warning}`),
];
