import type { SelectionFields } from '../selection/fields.ts';
import type { RunSpec } from '../spec.ts';

/** Which unlabelled examples a round asks about, by their ordinals; all where there is none. */
export interface Asked {
  /** All of this ordinal and above. */
  from: number;
  /** Of those below: what earlier rounds have selected, what they have not, or none. */
  earlier: 'taught' | 'refused' | 'none';
}

/** Whether a round asks about an example. @param isTaught whether an earlier round has selected it */
export const isAskedAbout = (
  { from, earlier }: Asked,
  ordinal: number,
  isTaught: boolean,
): boolean => ordinal >= from || (earlier !== 'none' && (earlier === 'taught') === isTaught);

/**
 * What a round asks about. Where nothing new has come it is as if all were new: a round that asks
 * about nothing teaches nothing.
 * @param seen how many unlabelled examples there were when the round before began; 0 in the first
 * @param total how many there are now
 */
export function askedBy(
  { pool, earlier }: Pick<RunSpec, 'pool' | 'earlier'>,
  { seen, total }: { seen: number; total: number },
): Asked | undefined {
  if (pool === 'all' || seen === 0 || seen >= total) return undefined;
  const isRelabelled = earlier === 'relabel';
  // All but what is not asked again: new ones, refused ones, and selected ones.
  if (pool === 'new-and-refused')
    return isRelabelled ? undefined : { from: seen, earlier: 'refused' };
  return { from: seen, earlier: isRelabelled ? 'taught' : 'none' };
}

/**
 * The ordinal before which all examples are that a round asks about.
 * @param total how many there are
 */
export const boundOf = (
  asked: Asked | undefined,
  { candidates = Number.POSITIVE_INFINITY }: Pick<SelectionFields, 'candidates'>,
  total: number,
): number => Math.min(total, (asked?.from ?? 0) + candidates);

/** The first ordinal that a round may ask about. */
export const firstOf = (asked: Asked | undefined): number =>
  asked?.earlier === 'none' ? asked.from : 0;
