import { continueAsNew, setHandler } from '@temporalio/workflow';
import type { RoundModels } from '../activities/collaborate.ts';
import type { RoundRef } from '../activities/dependencies.ts';
import { PASSES, type Pass } from '../core/passes.ts';
import type { Plan, Setting } from '../core/plan.ts';
import { rangeAt, rangeCount, rangeText } from '../core/range.ts';
import type { Way } from '../core/resolution.ts';
import { addSpent, NOTHING_SPENT, type Spent } from '../core/spent.ts';
import type { RoundFigures } from '../core/status.ts';
import { activitiesWith } from './activities.ts';
import { batchPage } from './batchPage.ts';
import { BatchSet, endOf, type FanOut, fanOut } from './fanOut.ts';
import { handlePause, progress } from './messages.ts';

export interface PropagateWorkflowInput extends Pick<Plan, 'needs' | 'hasFree' | 'endpoints'> {
  ref: RoundRef;
  pass: Pass;
  models: RoundModels;
  /** How disagreement is resolved. */
  way: Way;
  fanOut: FanOut;
  paused: boolean;
  setting: Setting;
  /** Carried over when continued as new. */
  soFar?: SoFar;
}

/** What has been done, and what it has come to. */
interface SoFar extends Pick<RoundFigures, 'agreed' | 'disagreed' | 'spent'> {
  done: number;
  compacted: number;
  /** The next batch of each lane. */
  next: number[];
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
  const { ref, pass, models, way, needs, hasFree, endpoints } = input;
  const { split } = PASSES[pass];
  const { from, size, total, window } = input.fanOut;
  const perform = activitiesWith(input.setting.activityOptions);
  const asked = new Set(endpoints.collaborators);
  if (way === 'justify') asked.add(endpoints.justification);
  if (endpoints.judge !== undefined) asked.add(endpoints.judge);
  const laneCount = asked.size === 1 ? 1 : endpoints.collaborators.length + 1;
  const soFar: SoFar = input.soFar ?? {
    ...{ done: 0, compacted: 0, agreed: 0, disagreed: 0, spent: NOTHING_SPENT },
    next: Array<number>(laneCount).fill(from),
  };
  const answered = endpoints.collaborators.map((_, lane) => new BatchSet(soFar.next[lane]!));
  const figures = (): Propagated => {
    const { agreed, disagreed, spent } = soFar;
    return pass === 'propagate' ? { agreed, disagreed, spent } : { spent };
  };
  const pause = handlePause(input.paused);
  const answersAt = () =>
    laneCount === 1
      ? []
      : answered.map((batches, lane) => ({
          endpoint: endpoints.collaborators[lane]!,
          done: Math.min(total, batches.count * size),
        }));
  setHandler(progress, () => ({
    done: soFar.done,
    total,
    unit: 'examples',
    note: [
      `${soFar.disagreed} disagreed`,
      ...answersAt().map(({ endpoint, done }) => `${done} answered at ${endpoint}`),
    ].join(', '),
  }));
  const page = batchPage(pass, ref, pause, () => ({
    ...{ done: soFar.done, total, figures: figures(), answersAt: answersAt() },
  }));

  const compactTo = async (to: number) => {
    const range = { from: soFar.compacted, to };
    if (to > range.from)
      await perform.maintain({ ...ref, range }, `compact tables of ${rangeText(range)}`);
    soFar.compacted = to;
  };
  const spend = ({ spent }: { spent: Spent }) => {
    soFar.spent = addSpent(soFar.spent, spent);
  };
  const batches = rangeCount(total, size);
  const rangeOf = (batch: number) => rangeAt(batch, size, total);

  const prepare = async (batch: number) => {
    const range = rangeOf(batch);
    const of = rangeText(range);
    // The labelled have vectors already: they are the neighbours.
    if (needs.vectors && pass === 'propagate')
      spend(
        await perform.embed(
          { ...ref, split, range },
          `embed ${split} ${of} at ${endpoints.embedding}`,
        ),
      );
    if (needs.neighbours)
      await perform.retrieve({ ...ref, pass, range }, `retrieve neighbours of ${of}`);
  };
  /** The lane that comes to a batch first prepares it; of those before, another execution has. */
  const preparing = new Map<number, Promise<void>>();
  const toPrepare = Math.max(...answered.map(({ from }) => from));
  const prepared = async (batch: number) => {
    if (batch < toPrepare) return;
    const underWay = preparing.get(batch) ?? prepare(batch);
    preparing.set(batch, underWay);
    await underWay;
  };
  const collaborate = async (batch: number, lane: number) => {
    await prepared(batch);
    const endpoint = endpoints.collaborators[lane]!;
    const range = rangeOf(batch);
    spend(
      await perform.collaborate(
        { ...ref, pass, range, models, endpoint },
        `collaborate ${rangeText(range)} at ${endpoint}`,
      ),
    );
    answered[lane]!.add(batch);
    page.show();
  };
  const justify = async (batch: number) => {
    const range = rangeOf(batch);
    const of = rangeText(range);
    if (hasFree)
      await perform.collaborateFree(
        { ...ref, pass, range },
        `collaborate ${of} without asking a model`,
      );
    const { agreed, disagreed, spent } = await perform.justify(
      { ...ref, pass, range, models, way },
      way === 'justify'
        ? `justify where they disagree on ${of}, at ${endpoints.justification}`
        : `resolve by ${way} where they disagree on ${of}`,
    );
    spend({ spent });
    soFar.done += range.to - range.from;
    soFar.agreed += agreed;
    soFar.disagreed += disagreed;
    page.show();
  };

  const compacting = compactTo(Math.min(...soFar.next) * size);
  const end = endOf(Math.min(...soFar.next), batches);
  const lanes =
    laneCount === 1
      ? [
          {
            work: async (batch: number) => {
              await collaborate(batch, 0);
              await justify(batch);
            },
          },
        ]
      : [
          ...answered.map((_, lane) => ({ work: (batch: number) => collaborate(batch, lane) })),
          {
            work: justify,
            mayBegin: (batch: number) => answered.every((batches) => batches.has(batch)),
          },
        ];
  const working = lanes.map((lane, index) =>
    fanOut({ from: soFar.next[index]!, end, window, ...lane }, pause),
  );
  const [next] = await Promise.all([Promise.all(working), compacting]);
  if (next.some((batch) => batch < batches))
    await continueAsNew<typeof propagate>({
      ...input,
      paused: pause.paused,
      soFar: { ...soFar, next },
    });
  await compactTo(total);
  return figures();
}
