import { defineUpdate } from '@temporalio/workflow';
import type { Arrival, Arrived } from '../../core/living/arrival.ts';
import type { Called } from '../../core/living/next.ts';
import type { Lease, LeaseRequest } from '../../core/review/leases.ts';

/** A person's word on the challenger of a round. */
export interface Decision {
  round: number;
  approve: boolean;
  /** Who decides. */
  name: string;
  reason: string;
}

/** A person's choice of a champion: to promote a model, or to go back to one. */
export interface ChampionChange {
  model: string;
  /** Who chooses. */
  name: string;
  reason: string;
}

/** Takes data into a run's data set; the next round works on it. */
export const addData = defineUpdate<Arrived, [Arrival]>('add');
/** Lets the next round begin, whatever else it would wait for. */
export const nextRound = defineUpdate<Called>('next');
/** Says whether a challenger becomes the champion, where the spec leaves that to a person. */
export const decide = defineUpdate<void, [Decision]>('decide');
/** Makes a model the champion; the next round starts from it. */
export const changeChampion = defineUpdate<{ champion: string }, [ChampionChange]>('champion');
/** Leases examples to a reviewer. */
export const leaseReviews = defineUpdate<Lease, [LeaseRequest]>('lease');
