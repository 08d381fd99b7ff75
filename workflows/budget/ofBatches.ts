import { setHandler } from '@temporalio/workflow';
import { type Amounts, type BudgetUse, type MostTaken, Pieces } from '../../core/budget.ts';
import type { Spent } from '../../core/spent.ts';
import type { Hold } from '../../core/status.ts';
import type { Lane } from '../fanOut.ts';
import { holdOf } from './hold.ts';
import { allowed } from './messages.ts';

/** A lane whose pieces of work tell what they cost. */
export interface PaidLane extends Omit<Lane, 'work'> {
  work(batch: number): Promise<Spent>;
}

/** What a workflow that works in batches may spend. */
export interface BatchBudget {
  /** Why no further piece begins. */
  readonly hold: Hold | undefined;
  /** What pieces have taken, for the execution after this one; what they may come to. */
  readonly carried: CarriedBudget;
  /** The lane, of which no batch begins without the means for it. @param kind of its pieces */
  guard(lane: PaidLane, kind: string): Lane;
  /** To be called when all lanes have begun what they may. */
  review(): void;
}

/** Of the budget of a workflow that works in batches. */
export interface CarriedBudget {
  /** The limits, with what others have of each. */
  allowance?: readonly BudgetUse[] | undefined;
  mostTaken?: MostTaken | undefined;
  /** What was paid for ahead. */
  ahead?: Amounts | undefined;
}

/**
 * Keeps batches within what their round allows. Call it before the first await.
 * @param changed called when it holds, or lets go on
 */
export function handleBatchBudget(
  run: string,
  carried: CarriedBudget,
  spent: Spent,
  changed: () => void,
): BatchBudget {
  const { allowance = [], mostTaken, ahead } = carried;
  const pieces = new Pieces(allowance, spent, { ...mostTaken }, ahead);
  const lanes: { kind: string; wants(): boolean }[] = [];
  let hold: Hold | undefined;
  /** It holds once nothing is under way that could leave something over. */
  const review = () => {
    const wanting = pieces.areUnderWay ? [] : lanes.filter(({ wants }) => wants());
    const lacks = wanting.map(({ kind }) => pieces.lack(kind));
    const [lack] = lacks.every(Boolean) ? lacks : [];
    const before = hold;
    hold = lack && holdOf(run, lack, before);
    if (hold?.why !== before?.why) changed();
  };
  setHandler(allowed, (allowance) => {
    pieces.allowance = allowance;
    review();
    changed();
  });
  return {
    get hold() {
      return hold;
    },
    get carried() {
      return { allowance: pieces.allowance, mostTaken: pieces.mostTaken, ahead };
    },
    guard(lane, kind) {
      const { from, end, work, mayBegin = () => true } = lane;
      let next = from;
      lanes.push({ kind, wants: () => next < end && mayBegin(next) });
      return {
        ...lane,
        mayBegin: (batch) => mayBegin(batch) && pieces.mayBegin(kind),
        async work(batch) {
          next = batch + 1;
          const key = `${kind}/${batch}`;
          pieces.begin(kind, key);
          pieces.end(key, await work(batch));
          review();
        },
      };
    },
    review,
  };
}
