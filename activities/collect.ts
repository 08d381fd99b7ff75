import { createHash } from 'node:crypto';
import { getClient } from '@temporalio/activity';
import { WorkflowNotFoundError, WorkflowUpdateFailedError } from '@temporalio/client';
import { messagesOf } from '../core/errors.ts';
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
     * cannot be used keeps none of the others back, and is not tried again before it has changed.
     * @throws ApplicationFailure `DataError` where the place cannot be read, or `RunEnded`, non-retryable
     */
    async collect({ run, from }: CollectInput): Promise<Collected> {
      return tracked({ total: 0, unit: 'files' }, async (tracker) => {
        const seen = new Set((await store.collected.of(run)).map(keyOf));
        const files = (await placed(from)).filter((file) => !seen.has(keyOf(file)));
        tracker.set({ total: files.length });
        const refused: Collected['refused'] = [];
        const hand = async (some: PlacedFile[]): Promise<void> => {
          const problem = await handOver(run, some);
          if (problem !== undefined && some.length > 1) {
            for (const file of some) await hand([file]);
            return;
          }
          if (problem !== undefined) refused.push({ file: some[0]!.file, problem });
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

/** @returns why the run refuses them, where it does */
async function handOver(run: string, files: PlacedFile[]): Promise<string | undefined> {
  const arrival: Arrival = {};
  for (const { kind, file } of files) arrival[kind] = [...(arrival[kind] ?? []), file];
  // A repetition waits for what the attempt before has begun.
  const updateId = createHash('sha256').update(files.map(keyOf).join()).digest('hex');
  try {
    const handle = getClient().workflow.getHandle(run);
    await handle.executeUpdate<Arrived, [Arrival]>('add', { updateId, args: [arrival] });
    return undefined;
  } catch (error) {
    if (error instanceof WorkflowUpdateFailedError) return messagesOf(error).at(-1)!;
    if (!(error instanceof WorkflowNotFoundError)) throw error;
    throw finalFailure(
      'RunEnded',
      `run "${run}" is over, or there is none of this name: "semievol collect ${run} --stop" ends the collecting`,
    );
  }
}
