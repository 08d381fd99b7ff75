import { ApplicationFailure, condition, setHandler } from '@temporalio/workflow';
import type { Arrived } from '../../../core/living/arrival.ts';
import { Leases, leaseProblem } from '../../../core/review/leases.ts';
import { addData, leaseReviews } from '../../../workflows/living/messages.ts';
import { pause } from '../../../workflows/messages.ts';

/** What of a run its reviewers deal with: it has ranked this many, and counts what is handed over. */
export async function evolve({ ranked }: { ranked: number }): Promise<number[]> {
  const leases = new Leases();
  const handedOver: number[] = [];
  let isOver = false;
  leases.renew(1, ranked);
  setHandler(leaseReviews, (request) => leases.lease(request, Date.now()), {
    validator(request) {
      const problem = leaseProblem(request);
      if (problem) throw ApplicationFailure.nonRetryable(problem);
    },
  });
  setHandler(addData, ({ reviews = 0 }): Arrived => {
    handedOver.push(reviews);
    const none = { labelled: 0, unlabelled: 0, test: 0 };
    return { dataset: 'd', segment: 1, counts: none, struck: none, added: none, removed: none };
  });
  setHandler(pause, () => {
    isOver = true;
  });
  await condition(() => isOver);
  return handedOver;
}
