import type { Split } from '../types.ts';
import type { NextSpec } from './spec.ts';

/** The data set of a run, and when its last round began. */
export interface Since {
  /** Epoch milliseconds. */
  at: number;
  /** Bounds of the ordinals then. */
  counts: Record<Split, number>;
}

/** What comes of it when a person calls the next round. */
export interface Called {
  round: number;
  /**
   * What it has to wait for nevertheless, as nobody else is waited for: the round under way, that the
   * run is resumed, or that its data are read. It begins at once where this is left out.
   */
  after?: 'round' | 'pause' | 'data';
}

const HOUR = 3_600_000;

/**
 * How long the next round has to wait, in milliseconds: 0 where it may begin, and undefined where
 * time alone does not let it begin, only data that come, or a person.
 */
export function waitingTime(
  next: NextSpec | undefined,
  since: Since,
  counts: Record<Split, number>,
  now: number,
): number | undefined {
  if (!next) return 0;
  const came = (split: Split) => counts[split] - since.counts[split];
  for (const split of ['unlabelled', 'labelled'] as const)
    if (next[split] !== undefined && came(split) >= next[split]) return 0;
  if (next.afterHours === undefined || came('unlabelled') + came('labelled') === 0)
    return undefined;
  return Math.max(0, since.at + next.afterHours * HOUR - now);
}

/** What the next round of a run waits for, for people. */
export function waitsFor(
  run: string,
  next: NextSpec,
  since: Since,
  counts: Record<Split, number>,
): string {
  const came = (split: Split) => counts[split] - since.counts[split];
  const wanted = (['unlabelled', 'labelled'] as const).flatMap((split) =>
    next[split] === undefined ? [] : `${came(split)} of ${next[split]} new ${split} examples`,
  );
  if (next.afterHours !== undefined)
    wanted.push(
      `${next.afterHours} hours after the last round began${came('unlabelled') + came('labelled') === 0 ? ', and for something new' : ''}`,
    );
  return [...wanted, `"semievol next ${run}"`].join(', or ');
}
