import { createHash } from 'node:crypto';
import { activityInfo, getClient } from '@temporalio/activity';
import { WorkflowNotFoundError, WorkflowUpdateFailedError } from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import { causesOf, messagesOf } from '../core/errors.ts';
import { finalFailure } from '../core/failures.ts';
import { type Arrival, type Arrived, MOST_FILES } from '../core/living/arrival.ts';
import type { Collected, CollectInput } from '../core/living/collecting.ts';
import { ranges } from '../core/range.ts';
import { listPlace, type PlacedFile } from '../data/place.ts';
import type { Dependencies } from './dependencies.ts';
import { failureOfData } from './failureOfData.ts';
import { tracked } from './progress.ts';

export function createCollect({ store }: Pick<Dependencies, 'store'>) {
  return {
    /**
     * Hands a run the files of a watched place that it has not seen as they are now. A file that
     * cannot be used keeps none of the others back. It is tried again when it has changed or, where what
     * keeps it away is outside of it, the next time.
     * @throws ApplicationFailure `DataError` where the place cannot be read, or `RunEnded`, non-retryable
     */
    async collect({ run, from }: CollectInput): Promise<Collected> {
      return tracked({ total: 0, unit: 'files' }, async (tracker) => {
        const seen = new Set((await store.collected.of(run)).map(keyOf));
        const files = (await placed(from)).filter((file) => !seen.has(keyOf(file)));
        tracker.set({ total: files.length });
        const refused: Collected['refused'] = [];
        const hand = async (some: PlacedFile[]): Promise<void> => {
          const refusal = await handOver(run, some);
          if (refusal && some.length > 1) {
            for (const file of some) await hand([file]);
            return;
          }
          if (refusal) refused.push({ file: some[0]!.file, problem: refusal.problem });
          if (!refusal || refusal.isOfContent)
            await store.collected.add(some.map(({ file, mark }) => ({ run, file, mark })));
          tracker.add(some.length);
        };
        for (const { from, to } of ranges(files.length, MOST_FILES)) {
          tracker.signal.throwIfAborted();
          await hand(files.slice(from, to));
        }
        return { files: files.length - refused.length, refused };
      });
    },
  };
}

const keyOf = ({ file, mark }: Pick<PlacedFile, 'file' | 'mark'>) => JSON.stringify([file, mark]);

async function placed(from: string): Promise<PlacedFile[]> {
  try {
    return await listPlace(from, Date.now());
  } catch (error) {
    throw failureOfData(error);
  }
}

/** Why a run has not taken files. */
interface Refusal {
  problem: string;
  /** Whether it is for what they hold: that stays so until they change. */
  isOfContent: boolean;
}

/** @returns why the run refuses them, where it does */
async function handOver(run: string, files: PlacedFile[]): Promise<Refusal | undefined> {
  const arrival: Arrival = {};
  for (const { kind, file } of files) arrival[kind] = [...(arrival[kind] ?? []), file];
  // A repetition waits for what the attempt before has begun; the next collection asks anew.
  const { runId } = activityInfo().workflowExecution!;
  const updateId = createHash('sha256')
    .update([runId, ...files.map(keyOf)].join())
    .digest('hex');
  try {
    const handle = getClient().workflow.getHandle(run);
    await handle.executeUpdate<Arrived, [Arrival]>('add', { updateId, args: [arrival] });
    return undefined;
  } catch (error) {
    if (error instanceof WorkflowUpdateFailedError)
      return { problem: messagesOf(error).at(-1)!, isOfContent: isOfContent(error) };
    if (!(error instanceof WorkflowNotFoundError)) throw error;
    throw finalFailure(
      'RunEnded',
      `run "${run}" is over, or there is none of this name: "semievol collect ${run} --stop" ends the collecting`,
    );
  }
}

const isOfContent = (error: unknown): boolean =>
  [...causesOf(error)].some(
    (cause) => cause instanceof ApplicationFailure && cause.type === 'DataError',
  );
