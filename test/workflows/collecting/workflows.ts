import { condition, defineSignal, proxyActivities, setHandler } from '@temporalio/workflow';
import type { Arrival, Arrived } from '../../../core/living/arrival.ts';
import { addData } from '../../../workflows/living/messages.ts';

export { collect } from '../../../workflows/collect.ts';

const { take } = proxyActivities<{
  take(input: { dataset: string; arrival: Arrival }): Promise<Arrived>;
}>({ startToCloseTimeout: '1 minute' });

/** A run that only takes data. */
export async function evolve(first: string): Promise<void> {
  let dataset = first;
  let isOver = false;
  setHandler(addData, async (arrival) => {
    const arrived = await take({ dataset, arrival });
    ({ dataset } = arrived);
    return arrived;
  });
  setHandler(defineSignal('end'), () => {
    isOver = true;
  });
  await condition(() => isOver);
}
