import { continueAsNew, setHandler } from '@temporalio/workflow';
import type { RoundModels } from '../activities/collaborate.ts';
import type { RoundRef } from '../activities/dependencies.ts';
import type { Setting } from '../core/plan.ts';
import { rangeAt, rangeCount, rangeText } from '../core/range.ts';
import { addSpent, NOTHING_SPENT, type Spent } from '../core/spent.ts';
import type { RoundFigures } from '../core/status.ts';
import { activitiesWith } from './activities.ts';
import { batchPage } from './batchPage.ts';
import { type FanOut, fanOut } from './fanOut.ts';
import { handlePause, progress } from './messages.ts';

export interface PropagateWorkflowInput {
  ref: RoundRef;
  models: RoundModels;
  fanOut: FanOut;
  /** What has to come before the collaborators' prompts. */
  needs: { vectors: boolean; neighbours: boolean };
  /** How many there are. */
  collaborators: number;
  paused: boolean;
  setting: Setting;
  /** Carried over when continued as new. */
  soFar?: Partial<SoFar>;
}

/** What has been done, and what it has come to. */
interface SoFar extends Propagated {
  done: number;
  compacted: number;
}

/** What propagation has come to. */
export type Propagated = Pick<RoundFigures, 'agreed' | 'disagreed' | 'spent'>;

/**
 * Propagates knowledge to the unlabelled split (§3.1, §3.2 of the paper): for each batch embed,
 * retrieve, collaborate, justify. Each execution compacts what the one before it has stored.
 *
 * @internal
 */
export async function propagate(input: PropagateWorkflowInput): Promise<Propagated> {
  const { ref, models, needs, collaborators } = input;
  const perform = activitiesWith(input.setting.activityOptions);
  const soFar: SoFar = {
    ...{ done: 0, compacted: 0, agreed: 0, disagreed: 0, spent: NOTHING_SPENT },
    ...input.soFar,
  };
  const figures = (): Propagated => {
    const { agreed, disagreed, spent } = soFar;
    return { agreed, disagreed, spent };
  };
  const pause = handlePause(input.paused);
  setHandler(progress, () => ({
    done: soFar.done,
    total: input.fanOut.total,
    unit: 'examples',
    note: `${soFar.disagreed} justified`,
  }));
  const page = batchPage('propagate', ref, pause, () => ({
    done: soFar.done,
    total: input.fanOut.total,
    figures: figures(),
  }));

  const { from, size, total } = input.fanOut;
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
  const work = fanOut(batches, input.fanOut, pause, async (batch) => {
    const range = rangeAt(batch, size, total);
    const of = rangeText(range);
    if (needs.vectors)
      spend(await perform.embed({ ...ref, split: 'unlabelled', range }, `embed unlabelled ${of}`));
    if (needs.neighbours) await perform.retrieve({ ...ref, range }, `retrieve neighbours of ${of}`);
    spend(
      await perform.collaborate(
        { ...ref, range, models },
        `collaborate ${of} with ${collaborators} collaborators`,
      ),
    );
    const { agreed, disagreed, spent } = await perform.justify(
      { ...ref, range, models },
      `justify where they disagree on ${of}`,
    );
    spend({ spent });
    soFar.done += range.to - range.from;
    soFar.agreed += agreed;
    soFar.disagreed += disagreed;
    page.show();
  });
  const [next] = await Promise.all([work, compactTo(from * size)]);
  if (next < batches)
    await continueAsNew<typeof propagate>({
      ...input,
      fanOut: { ...input.fanOut, from: next },
      paused: pause.paused,
      soFar,
    });
  await compactTo(total);
  return figures();
}
