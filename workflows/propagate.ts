import { continueAsNew, setHandler } from '@temporalio/workflow';
import type { RoundModels } from '../activities/collaborate.ts';
import type { RoundRef } from '../activities/dependencies.ts';
import type { Setting } from '../core/plan.ts';
import { rangeAt, rangeCount, rangeText } from '../core/range.ts';
import { activitiesWith } from './activities.ts';
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
  soFar?: { done: number; disagreed: number; compacted: number };
}

/**
 * Propagates knowledge to the unlabelled split (§3.1, §3.2 of the paper): for each batch embed,
 * retrieve, collaborate, justify. Each execution compacts what the one before it has stored.
 *
 * @internal
 */
export async function propagate(input: PropagateWorkflowInput): Promise<{ disagreed: number }> {
  const { ref, models, needs, collaborators } = input;
  const perform = activitiesWith(input.setting.activityOptions);
  const soFar = { done: 0, disagreed: 0, compacted: 0, ...input.soFar };
  const pause = handlePause(input.paused);
  setHandler(progress, () => ({
    done: soFar.done,
    total: input.fanOut.total,
    unit: 'examples',
    note: `${soFar.disagreed} justified`,
  }));

  const { from, size, total } = input.fanOut;
  const compactTo = async (to: number) => {
    const range = { from: soFar.compacted, to };
    if (to > range.from)
      await perform.maintain({ ...ref, range }, `compact tables of ${rangeText(range)}`);
    soFar.compacted = to;
  };
  const batches = rangeCount(total, size);
  const work = fanOut(batches, input.fanOut, pause, async (batch) => {
    const range = rangeAt(batch, size, total);
    const of = rangeText(range);
    if (needs.vectors)
      await perform.embed({ ...ref, split: 'unlabelled', range }, `embed unlabelled ${of}`);
    if (needs.neighbours) await perform.retrieve({ ...ref, range }, `retrieve neighbours of ${of}`);
    await perform.collaborate(
      { ...ref, range, models },
      `collaborate ${of} with ${collaborators} collaborators`,
    );
    const { disagreed } = await perform.justify(
      { ...ref, range, models },
      `justify where they disagree on ${of}`,
    );
    soFar.done += range.to - range.from;
    soFar.disagreed += disagreed;
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
  return { disagreed: soFar.disagreed };
}
