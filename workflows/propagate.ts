import { continueAsNew, setHandler } from '@temporalio/workflow';
import type { RoundModels } from '../activities/collaborate.ts';
import type { RoundRef } from '../activities/dependencies.ts';
import { rangeAt, rangeCount } from '../core/range.ts';
import { collaborate, embed, justify, maintain, retrieve } from './activities.ts';
import { type FanOut, fanOut } from './fanOut.ts';
import { handlePause, progress } from './messages.ts';

export interface PropagateWorkflowInput {
  ref: RoundRef;
  models: RoundModels;
  fanOut: FanOut;
  /** What has to come before the collaborators' prompts. */
  needs: { vectors: boolean; neighbours: boolean };
  paused: boolean;
  /** Carried over when continued as new. */
  soFar?: { done: number; disagreed: number; compacted: number };
}

/**
 * Propagates knowledge to the unlabelled split (§3.1, §3.2 of the paper): for each batch embed,
 * retrieve, collaborate, justify. Each execution compacts what the one before it has stored.
 */
export async function propagate(input: PropagateWorkflowInput): Promise<{ disagreed: number }> {
  const { ref, models, needs } = input;
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
    if (to > soFar.compacted) await maintain({ ...ref, range: { from: soFar.compacted, to } });
    soFar.compacted = to;
  };
  const batches = rangeCount(total, size);
  const work = fanOut(batches, input.fanOut, pause, async (batch) => {
    const range = rangeAt(batch, size, total);
    if (needs.vectors) await embed({ ...ref, split: 'unlabelled', range });
    if (needs.neighbours) await retrieve({ ...ref, range });
    await collaborate({ ...ref, range, models });
    const { disagreed } = await justify({ ...ref, range, models });
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
