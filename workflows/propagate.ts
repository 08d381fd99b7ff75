import { continueAsNew, setHandler } from '@temporalio/workflow';
import type { Failing } from '../core/failing.ts';
import { rangeCount } from '../core/range.ts';
import { addSpent, NOTHING_SPENT } from '../core/spent.ts';
import type { RoundFigures } from '../core/status.ts';
import { batchPage } from './batchPage.ts';
import { type CarriedBudget, handleBatchBudget, type PaidLane } from './budget/ofBatches.ts';
import { askingIn } from './failing.ts';
import { endOf, fanOut } from './fanOut.ts';
import { handlePause, progress } from './messages.ts';
import { type PassInput, passSteps, type SoFar } from './passSteps.ts';

export interface PropagateWorkflowInput extends PassInput {
  paused: boolean;
  /** What the round allows; no limits where it is left out. */
  budget?: CarriedBudget;
  /** Carried over when continued as new. */
  soFar?: SoFar;
  /** The same of how many examples failed. */
  failing?: Failing;
}

/** What a pass has come to. What is agreed on is told of the unlabelled examples. */
export type Propagated = Pick<RoundFigures, 'spent'> & Partial<RoundFigures>;

/**
 * Propagates knowledge to the unlabelled split (§3.1, §3.2 of the paper): for each batch embed,
 * retrieve, collaborate, justify. Or does the same with the labelled split, to see how well it does
 * (cross-fitting). Each execution compacts what the one before it has stored.
 *
 * Each endpoint has a lane of its own, a sliding window over the batches, so that one that is away
 * holds up no other; they part by no more than what an execution works through. Where all is asked
 * at one endpoint there is one lane, and a batch is in its window until it is justified.
 *
 * @internal
 */
export async function propagate(input: PropagateWorkflowInput): Promise<Propagated> {
  const { ref, pass, endpoints } = input;
  const { from, size, total, window } = input.fanOut;
  /** The ordinal it begins with. */
  const start = from * size;
  const isOneLane = areAllAtOne(input);
  const laneCount = isOneLane ? 1 : endpoints.collaborators.length + 1;
  const soFar: SoFar = input.soFar ?? {
    ...{ done: 0, answers: 0, compacted: start, agreed: 0, disagreed: 0, spent: NOTHING_SPENT },
    next: Array<number>(laneCount).fill(from),
  };
  const figures = (): Propagated => {
    const { agreed, disagreed, spent } = soFar;
    return pass === 'propagate' ? { agreed, disagreed, spent } : { spent };
  };
  const pause = handlePause(input.paused);
  const asking = askingIn(ref.run, input.maxFailed, pause, input.failing);
  const steps = passSteps(input, soFar, asking, () => page.show());
  const { answered } = steps;
  const budget = handleBatchBudget(ref.run, input.budget ?? {}, soFar.spent, () => page.held());
  const answersAt = () =>
    isOneLane
      ? []
      : answered.map((batches, lane) => ({
          endpoint: endpoints.collaborators[lane]!,
          done: Math.min(total, batches.count * size) - start,
        }));
  setHandler(progress, () => ({
    done: soFar.answers,
    total: (total - start) * input.answers,
    unit: 'answers',
    note: [
      `${soFar.disagreed} disagreed`,
      ...answersAt().map(({ endpoint, done }) => `${done} answered at ${endpoint}`),
    ].join(', '),
  }));
  const page = batchPage(pass, ref, pause, () => ({
    ...{
      done: soFar.done,
      total: total - start,
      figures: figures(),
      answersAt: answersAt(),
      hold: budget.hold,
    },
  }));

  const lanes: Pick<PaidLane, 'work' | 'mayBegin'>[] = isOneLane
    ? [
        {
          work: async (batch) =>
            addSpent(await steps.collaborate(batch, 0), await steps.resolve(batch)),
        },
      ]
    : [
        ...answered.map((_, lane) => ({ work: (batch: number) => steps.collaborate(batch, lane) })),
        {
          work: steps.resolve,
          mayBegin: (batch) => answered.every((batches) => batches.has(batch)),
        },
      ];

  const first = Math.min(...soFar.next);
  const batches = rangeCount(total, size);
  const end = endOf(first, batches);
  const compacting = steps.compactTo(first * size);
  const working = lanes.map((lane, index) => {
    const paid = { from: soFar.next[index]!, end, window, ...lane };
    return fanOut(budget.guard(paid, `lane ${index}`), pause);
  });
  budget.review();
  const [next] = await Promise.all([Promise.all(working), compacting]);
  if (next.some((batch) => batch < batches))
    await continueAsNew<typeof propagate>({
      ...input,
      paused: pause.paused,
      budget: budget.carried,
      failing: asking.soFar,
      soFar: { ...soFar, next },
    });
  await steps.compactTo(total);
  return figures();
}

/** Whether all that a batch needs is asked at one endpoint. */
function areAllAtOne({ way, endpoints }: PassInput): boolean {
  const asked = new Set(endpoints.collaborators);
  if (way === 'justify') asked.add(endpoints.justification);
  if (endpoints.judge !== undefined) asked.add(endpoints.judge);
  return asked.size === 1;
}
