import {
  defineSignal,
  getExternalWorkflowHandle,
  type SignalDefinition,
  setHandler,
  workflowInfo,
} from '@temporalio/workflow';
import type { Spent } from '../core/spent.ts';
import type { PhaseNews, RoundStatus, Sighting } from '../core/status.ts';
import { allTroubles } from '../core/trouble.ts';

/** From an activity: what it sees at an endpoint, or of a job. */
const sighted = defineSignal<[Sighting]>('sighted');
/** From the workflow of a phase to its round. */
export const phaseNews = defineSignal<[PhaseNews]>('phaseNews');
/** From the host of a model to the round that asks it: what it has cost to stand, since it was told last. */
export const hoursBooked = defineSignal<[Spent]>('hoursBooked');
/** From a round to its run. */
export const roundNews = defineSignal<[RoundStatus]>('roundNews');

/** A phase is told of so often on its way, however much there is to do. */
const STEPS = 20;

/**
 * Sends one after the other, and of what comes meanwhile the newest only: of two signals that are
 * under way at the same time either may arrive first.
 * @returns what sends; it resolves when nothing is left to send
 */
export function oneByOne<T>(send: (value: T) => Promise<void>): (value: T) => Promise<void> {
  let next: { value: T } | undefined;
  let sending: Promise<void> | undefined;
  const sendAll = async () => {
    while (next) {
      const { value } = next;
      next = undefined;
      // One that has ended needs no signal.
      await send(value).catch(() => undefined);
    }
    sending = undefined;
  };
  return (value) => {
    next = { value };
    sending ??= sendAll();
    return sending;
  };
}

/** Tells the workflow that started this one: one of ours, which expects it. */
export function toParent<T>(signal: SignalDefinition<[T]>): (news: T) => void {
  const { parent } = workflowInfo();
  if (!parent) return () => undefined;
  const handle = getExternalWorkflowHandle(parent.workflowId);
  const tell = oneByOne<T>((news) => handle.signal(signal, news));
  return (news) => void tell(news);
}

/** Whether a further twentieth has been done since it was asked last. */
export function milestones(total: number, done: number): (done: number) => boolean {
  const stepOf = (amount: number) => Math.floor((STEPS * amount) / Math.max(total, 1));
  let told = stepOf(done);
  return (now) => {
    const step = stepOf(now);
    const isNew = step > told;
    told = step;
    return isNew;
  };
}

/**
 * Handles what activities tell unasked; call it before the first await.
 * @param seen called with what holds the activities up now, if anything, and what was told last
 */
export function handleSightings(
  seen: (trouble: string | undefined, sighting: Sighting) => void,
): void {
  const troubles = new Map<string, string>();
  setHandler(sighted, (sighting) => {
    const { activityId, trouble } = sighting;
    if (trouble === undefined) troubles.delete(activityId);
    else troubles.set(activityId, trouble);
    seen(allTroubles([...troubles.values()]), sighting);
  });
}
