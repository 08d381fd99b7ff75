import { balanced, balanceOf } from '../core/selection/balance.ts';
import type { Pool } from '../core/selection/pool.ts';
import { weightAt } from '../core/selection/weights.ts';
import type { RoundContext } from './dependencies.ts';
import { type Unlike, withoutNearDuplicates } from './nearDuplicates.ts';

/** What is chosen of a pool, and what has decided that. */
export interface Choice {
  /** How often each is to stand in the training file, by ordinal; 0 is not chosen. */
  weights: Uint8Array;
  /** How many are chosen. */
  count: number;
  /** How many near duplicates were left out, as far as it was looked for them. */
  nearDuplicates: number;
  /** What has decided: the rule, or how many were wanted at least, or exactly. */
  by: 'rule' | 'atLeast' | 'exactly';
  /** How many fewer than the spec wants at least. */
  short: number;
}

/**
 * Chooses what goes into training: of what the rule keeps, the surest first, no near duplicates, in
 * the balance and the number that the spec asks for.
 * @param labelled how many labelled examples there are of each class of the task, in order
 */
export async function choose(
  context: Pick<RoundContext, 'dataset' | 'spec' | 'task'>,
  pool: Pool,
  { labelled, signal }: { labelled: readonly number[]; signal: AbortSignal },
): Promise<Choice> {
  const { selection } = context.spec;
  const { atLeast, atMost, exactly, nearDuplicates: threshold, confidentWeight } = selection;
  const classes = context.task.classes ?? [];
  const balance = balanceOf(selection.balance, classes, labelled);

  const unlike = async (order: Uint32Array, enough: number): Promise<Unlike> =>
    threshold === undefined
      ? { ordinals: order, leftOut: 0 }
      : withoutNearDuplicates(context, order, { threshold, enough, signal });
  const taken = async (order: Uint32Array, most = order.length): Promise<Unlike> => {
    const { ordinals, leftOut } = await unlike(order, balance === 'none' ? most : order.length);
    const options = { classes: pool.classes, classCount: classes.length, balance, most };
    return { ordinals: balanced(ordinals, options), leftOut };
  };
  const weighted = ({ ordinals, leftOut }: Unlike, by: Choice['by']): Choice => {
    const weights = new Uint8Array(pool.scores.length);
    const { length: count } = ordinals;
    for (const [place, ordinal] of ordinals.entries())
      weights[ordinal] = weightAt(place, count, confidentWeight);
    return {
      weights,
      count,
      nearDuplicates: leftOut,
      by,
      short: Math.max(0, (atLeast ?? 0) - count),
    };
  };

  if (exactly !== undefined) return weighted(await taken(pool.scored(), exactly), 'exactly');
  const kept = await taken(pool.kept(), atMost);
  if (atLeast === undefined || kept.ordinals.length >= atLeast) return weighted(kept, 'rule');
  const loosened = await taken(pool.loosened(), atLeast);
  return loosened.ordinals.length > kept.ordinals.length
    ? weighted(loosened, 'atLeast')
    : weighted(kept, 'rule');
}
