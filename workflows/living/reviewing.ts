import { condition, setHandler } from '@temporalio/workflow';
import type { RankInput } from '../../activities/rankForReview.ts';
import { finalFailure } from '../../core/failures.ts';
import type { ReviewState } from '../../core/living/runState.ts';
import { Leases, leaseProblem } from '../../core/review/leases.ts';
import type { ReviewSpec } from '../../core/review/reviewSpec.ts';
import type { Perform } from '../activities.ts';
import type { RunPage } from '../runPage.ts';
import { leaseReviews } from './messages.ts';
import type { Waiting } from './waiting.ts';

/** Asks people about what would teach a run most. */
export interface Reviewing {
  readonly state: ReviewState | undefined;
  /** What is waited for now; undefined where nothing is. */
  readonly what: string | undefined;
  /** Ranks the examples of a round that has ended. */
  rank(round: Omit<RankInput, 'leased'>): Promise<void>;
  /** Returns when all are reviewed, when people have had their time, or when the next round is called. */
  untilReviewed(): Promise<void>;
}

const HOUR = 3_600_000;

/** Leases examples to people. Call it before the first await. */
export function handleReviewing(
  run: string,
  spec: ReviewSpec | undefined,
  given: ReviewState | undefined,
  perform: Perform,
  { page, waiting }: { page: Pick<RunPage, 'show'>; waiting: Pick<Waiting, 'isCalled'> },
): Reviewing {
  const leases = new Leases(given?.leases);
  let until = given?.until ?? 0;
  let isWaiting = false;
  let isRanking = false;
  setHandler(
    leaseReviews,
    async (request) => {
      // What is held when the new ranking is made is not in it.
      await condition(() => !isRanking);
      return leases.lease(request, Date.now());
    },
    {
      validator(request) {
        if (!spec) throw refused('the spec has no review: add `review: {}` to it');
        if (leases.state.ranking === 0)
          throw refused('no round has ended yet: the first one ranks what is to be reviewed');
        const problem = leaseProblem(request);
        if (problem) throw finalFailure('LeaseRefused', problem);
      },
    },
  );
  return {
    get state() {
      return spec && { leases: leases.state, until };
    },
    get what() {
      return isWaiting
        ? `${leases.open} examples to be reviewed, by "semievol review ${run}"`
        : undefined;
    },
    async rank(round) {
      if (!spec) return;
      isRanking = true;
      try {
        const leased = leases.held(Date.now());
        const { size } = await perform.rankForReview(
          { ...round, leased },
          `rank what people should look at after round ${round.round}`,
        );
        leases.renew(round.round, size);
      } finally {
        isRanking = false;
      }
      until = Date.now() + spec.waitHours * HOUR;
    },
    async untilReviewed() {
      const left = until - Date.now();
      const isOver = () => leases.open === 0 || waiting.isCalled;
      if (left <= 0 || isOver()) return;
      isWaiting = true;
      page.show();
      await condition(isOver, left);
      isWaiting = false;
    },
  };
}

const refused = (why: string) => finalFailure('LeaseRefused', `there is nothing to review: ${why}`);
