import { allHandlersFinished, condition, setHandler } from '@temporalio/workflow';
import type { Arrived } from '../../../core/living/arrival.ts';
import type { ReviewSpec } from '../../../core/review/reviewSpec.ts';
import type { Perform } from '../../../workflows/activities.ts';
import { addData } from '../../../workflows/living/messages.ts';
import { handleReviewing } from '../../../workflows/living/reviewing.ts';
import { pause } from '../../../workflows/messages.ts';

/** What of a run its reviewers deal with: a round that has ranked some, and what is handed over. */
export async function evolve({
  review,
  ranked,
}: {
  review?: ReviewSpec;
  ranked: number;
}): Promise<{ handedOver: number[]; open: number }> {
  const handedOver: number[] = [];
  let isCalled = false;
  const perform = {
    rankForReview: async () => ({ size: ranked, suspects: 1 }),
  } as unknown as Perform;
  const reviewing = handleReviewing('reviewed', review, undefined, perform, {
    page: { show() {} },
    waiting: {
      get isCalled() {
        return isCalled;
      },
    },
  });
  setHandler(addData, ({ reviews: number = 0 }): Arrived => {
    handedOver.push(number);
    const none = { labelled: 0, unlabelled: 0, test: 0 };
    return { dataset: 'd', segment: 1, counts: none, struck: none, added: none, removed: none };
  });
  setHandler(pause, () => {
    isCalled = true;
  });
  if (!review) await condition(() => isCalled);
  const choice = { score: 'entropy', fitted: null, reason: 'the spec names it' };
  await reviewing.rank({ run: 'reviewed', round: 1, dataset: 'd', choice, threshold: null });
  await reviewing.untilReviewed();
  await condition(allHandlersFinished);
  const { size = 0, through = [] } = reviewing.state?.leases ?? {};
  return { handedOver, open: size - through.length };
}
