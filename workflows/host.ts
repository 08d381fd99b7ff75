import {
  CancellationScope,
  ContinueAsNew,
  condition,
  continueAsNew,
  defineQuery,
  defineSignal,
  getExternalWorkflowHandle,
  setCurrentDetails,
  setHandler,
  sleep,
  workflowInfo,
} from '@temporalio/workflow';
import type { WatchedDeployment } from '../activities/hosting.ts';
import { messagesOf } from '../core/errors.ts';
import { finalFailure } from '../core/failures.ts';
import type { Hosting, ModelUse } from '../core/hosting.ts';
import { hostingSection } from '../core/report/hosting.ts';
import { markdown } from '../core/report/markdown.ts';
import { activitiesWith } from './activities.ts';
import { cancellationOf, isCancelled } from './cancellation.ts';
import { hoursBooked } from './news.ts';

/** Times that a deployment is tried again while it may still be an accident. */
const TRIES = 4;

/** A model that stands, as another execution takes it over. */
interface Standing {
  id: string;
  servedAs: string;
  /** Until when its hours are booked; epoch milliseconds. */
  bookedUntil: number;
}

/** A model to keep up for as long as it is asked. */
export interface HostInput {
  endpoint: string;
  order: { model: string; base: string; name: string };
  idleMinutes: number;
  /** How long a provider has to fail again until that is believed. */
  finalAfterSeconds: number;
  /** Where the endpoint's trainer works; the workflow's own when left out. */
  taskQueue?: string;
  /** Carried over when continued as new. */
  soFar?: { users: string[]; usedAt: number; round?: string | undefined; standing: Standing };
}

/** A model is asked, now. */
export const used = defineSignal<[ModelUse]>('used');
export const hosting = defineQuery<Hosting>('status');

/**
 * Keeps one model deployed while it is asked: puts it up, again where it expires, and takes it down
 * when it was idle for long, when no workflow goes on that needs it, or when this one is cancelled. Its
 * hours are booked. It ends with nothing standing; the next use begins another execution.
 *
 * @internal
 */
export async function host(input: HostInput): Promise<void> {
  const { endpoint, order, idleMinutes, finalAfterSeconds, taskQueue, soFar } = input;
  const perform = activitiesWith(undefined, taskQueue === undefined ? undefined : { taskQueue });
  const at = { endpoint, order };
  const idleMs = idleMinutes * 60_000;
  const users = new Set(soFar?.users);
  let usedAt = soFar?.usedAt ?? Date.now();
  let standing = soFar?.standing;
  let now: Hosting = standing
    ? { state: 'ready', detail: 'up', servedAs: standing.servedAs, since: Date.now() }
    : { state: 'pending', detail: 'asked for', since: Date.now() };

  const show = (change: Omit<Hosting, 'since'>) => {
    const isSame = change.state === now.state && change.detail === now.detail;
    now = { ...change, since: isSame ? now.since : Date.now() };
    const status = { endpoint, model: order.model, hosting: now, usedAt, idleMinutes };
    setCurrentDetails(markdown([hostingSection({ ...status, users: [...users] }, Date.now())]));
  };
  let round = soFar?.round;
  setHandler(used, (use) => {
    users.add(use.by);
    round = use.round ?? round;
    usedAt = Date.now();
  });
  setHandler(hosting, () => now);

  try {
    for (let failures = 0; ; ) {
      const end = standing ? await whileAsked() : await putUp();
      if (end === 'unused') break;
      if (end === 'up') failures = 0;
      if (end !== 'failed') continue;
      if (++failures > TRIES) throw deploymentFailed();
      await sleep((finalAfterSeconds * 1000) / TRIES);
    }
    show({ state: 'gone', detail: 'taken down' });
  } catch (error) {
    if (error instanceof ContinueAsNew) throw error;
    await CancellationScope.nonCancellable(takeDown);
    if (isCancelled(error)) show({ state: 'gone', detail: 'cancelled' });
    // What Temporal's failures have around the reason is of no use to whoever waits.
    else show({ state: 'failed', detail: now.detail, message: messagesOf(error).at(-1)! });
    throw cancellationOf(error);
  }

  /** Puts the model up. */
  async function putUp(): Promise<'up' | 'failed' | 'unused'> {
    const bookedUntil = Date.now();
    show({ state: 'pending', detail: 'being put up' });
    const { id, servedAs } = await perform.deploy(at, `deploy ${order.model} at ${endpoint}`);
    standing = { id, servedAs, bookedUntil };
    for (;;) {
      const seen = await watch('pending');
      if (seen.state === 'ready') {
        standing.servedAs = seen.servedAs;
        show({ state: 'ready', detail: seen.detail, servedAs: seen.servedAs });
        return 'up';
      }
      const isOver = seen.state !== 'pending';
      if (isOver || users.size === 0) {
        await takeDown();
        const { message = `it is ${seen.detail}, and the provider gives no reason` } = seen;
        show({ state: 'pending', detail: seen.detail, message });
        return isOver ? 'failed' : 'unused';
      }
      show({ state: 'pending', detail: seen.detail });
      await book();
    }
  }

  /** Watches over the model that is up. @returns once it is up no more */
  async function whileAsked(): Promise<'gone' | 'unused'> {
    for (;;) {
      const seen = await untilIdle(() => watch('ready'));
      const isUp = !seen || seen.state === 'ready';
      if (!isUp || isIdle() || users.size === 0) {
        show({ state: 'pending', detail: isUp ? 'being taken down' : seen.detail });
        const before = usedAt;
        // Of one that has expired, too, whatever is left.
        await takeDown();
        return (isUp ? usedAt > before : !isIdle() && users.size > 0) ? 'gone' : 'unused';
      }
      await book();
      if (workflowInfo().continueAsNewSuggested)
        await continueAsNew<typeof host>({
          ...input,
          soFar: { users: [...users], usedAt, round, standing: standing! },
        });
    }
  }

  /** Watches until something has changed; those that need it no more are forgotten. */
  async function watch(state: 'pending' | 'ready'): Promise<WatchedDeployment> {
    const known = [...users];
    const seen = await perform.watchDeployment(
      { ...at, id: standing!.id, state, users: known },
      state === 'ready'
        ? `watch over ${order.model} at ${endpoint}`
        : `wait until ${order.model} is up at ${endpoint}`,
    );
    for (const user of known) if (!seen.needing.includes(user)) users.delete(user);
    return seen;
  }

  /** What comes of a watch; undefined where the model is idle for too long before. */
  async function untilIdle<T>(watch: () => Promise<T>): Promise<T | undefined> {
    const scope = new CancellationScope();
    const watching = scope.run(watch);
    const idle = scope.run(async () => {
      while (!isIdle()) {
        const before = usedAt;
        await condition(() => usedAt > before, usedAt + idleMs - Date.now());
      }
      return undefined;
    });
    try {
      return await Promise.race([watching, idle]);
    } finally {
      scope.cancel();
      await Promise.allSettled([watching, idle]);
    }
  }

  function isIdle(): boolean {
    return Date.now() - usedAt >= idleMs;
  }

  async function takeDown(): Promise<void> {
    const { id } = standing ?? {};
    await perform.undeploy({ ...at, id }, `take ${order.model} down at ${endpoint}`);
    await book();
    standing = undefined;
  }

  async function book(): Promise<void> {
    if (!standing) return;
    const from = standing.bookedUntil;
    const to = Date.now();
    standing.bookedUntil = to;
    const { spent } = await perform.bookHours({ ...at, from, to }, `book hours of ${order.model}`);
    if (round === undefined || spent.deployedSeconds === 0) return;
    await getExternalWorkflowHandle(round)
      .signal(hoursBooked, spent)
      .catch(() => undefined); // it has ended, and its report has what was booked before
  }

  function deploymentFailed() {
    return finalFailure(
      'DeploymentFailed',
      `endpoint "${endpoint}" does not put up model "${order.model}": ${now.message}`,
    );
  }
}
