import {
  CancellationScope,
  continueAsNew,
  setCurrentDetails,
  setHandler,
  sleep,
} from '@temporalio/workflow';
import type { Asking } from '../activities/batches/askings.ts';
import type { Collected, EndedBatch, UploadedRequests } from '../activities/batches/index.ts';
import type { Routes } from '../activities/batches/routes.ts';
import type { RoundRef } from '../activities/dependencies.ts';
import type { LastSeen } from '../activities/watchJob.ts';
import type { AnswerStage } from '../core/answer.ts';
import type { FoldModels } from '../core/gate/foldModels.ts';
import type { GradedSplit } from '../core/gate/gradedOn.ts';
import type { PhaseName } from '../core/phases.ts';
import type { Setting } from '../core/plan.ts';
import { rangeAt, rangeCount, rangeText } from '../core/range.ts';
import { type BatchesStatus, batchesProgress, waitsForBatches } from '../core/report/batches.ts';
import { markdown } from '../core/report/markdown.ts';
import { addSpent, NOTHING_SPENT, type Spent } from '../core/spent.ts';
import type { Asked } from '../core/transport.ts';
import type { ModelRole, OrdinalRange, PerModel } from '../core/types.ts';
import { activitiesWith } from './activities.ts';
import { handleJobBudget } from './budget/ofJobs.ts';
import { askingIn } from './failing.ts';
import { endOf, fanOut } from './fanOut.ts';
import { handlePause, progress } from './messages.ts';
import { handleSightings, phaseNews, toParent } from './news.ts';
import { type PassInput, passSteps, type SoFar } from './passSteps.ts';
import { together } from './together.ts';

/** A range is prepared in at most so many pieces: a history does not grow with a batch. */
const MOST_PIECES = 50;
/** How often a file waits, each time twice as long, until it is made smaller. */
const WAITS = 8;
/** How long a batch that is cancelled has to say what it had answered: OpenAI takes ten minutes. */
const SETTLING = '15 minutes';

interface Common {
  ref: RoundRef;
  phase: PhaseName;
  paused: boolean;
  setting: Setting;
  /** Whether batches wait until the round has reserved what they are going to cost. */
  isBudgeted?: boolean;
  /** Carried over when continued as new. */
  soFar?: Carried;
}

/** A pass of the collaborators. */
type OfPass = Common & { pass: PassInput };
/** The models to grade, on so many test examples. */
export type OfModels = Common & {
  graded: PerModel<string | FoldModels>;
  split: GradedSplit;
  total: number;
};

/** A phase whose requests go by batch where they may. */
export type ByBatchInput = OfPass | OfModels;

/** What is asked about a range at the same time, and what has to be done before. */
interface AskedTogether {
  before(): Promise<void>;
  askings: Asking[];
}

interface Carried {
  routes: Routes;
  /** The next range. */
  next: number;
  collected: Collected;
  spent: Spent;
}

/** What of a phase went by batch, and what was spent on the way that no answer tells. */
export interface WentByBatch extends Collected {
  spent: Spent;
}

/**
 * Sends the requests of a phase by batch, as far as its spec wants that, and stores the answers where
 * the phase itself looks for them first: what it then finds missing it asks for directly. It works
 * through ranges of examples that fill a batch each, several at a time.
 *
 * @internal
 */
export async function byBatch(input: ByBatchInput): Promise<WentByBatch> {
  const { ref, phase, setting } = input;
  const total = 'pass' in input ? input.pass.fanOut.total : input.total;
  const perform = activitiesWith(setting.activityOptions);
  const pause = handlePause(input.paused);
  const maxFailed = 'pass' in input ? input.pass.maxFailed : undefined;
  const asking = askingIn(ref.run, maxFailed, pause);
  const budget = handleJobBudget();
  const collected: Collected = input.soFar?.collected ?? { answered: 0, refused: 0 };
  const passed: SoFar = {
    ...{ done: 0, answers: 0, compacted: 0, agreed: 0, disagreed: 0 },
    spent: input.soFar?.spent ?? NOTHING_SPENT,
    next: 'pass' in input ? input.pass.endpoints.collaborators.map(() => 0) : [],
  };
  const status: BatchesStatus = { ...ref, phase, total, collected, underWay: [] };
  const page = pageOf(status);
  pause.onChange(() => page.show({ pausedAt: pause.pausedAt, hold: pause.hold }));

  const routes =
    input.soFar?.routes ??
    (await perform.planBatches(
      {
        ...ref,
        asks: asksOf(input),
        examples: total,
        ...('graded' in input && { graded: Object.keys(input.graded).length }),
      },
      `what of ${phase} goes by batch`,
    ));
  const result = () => ({ ...collected, spent: passed.spent });
  if (routes.routes.length === 0 || total === 0) return result();

  // Whole pieces of a range are prepared: of a piece in two ranges one would ask for the other's.
  const least = 'pass' in input ? input.pass.fanOut.size : 1;
  const piece = Math.max(least, Math.ceil(routes.examples / MOST_PIECES));
  const size = piece * Math.max(1, Math.floor(routes.examples / piece));
  const ranges = rangeCount(total, size);
  const from = input.soFar?.next ?? 0;
  const working = new Set<Promise<void>>();
  const next = await CancellationScope.cancellable(async () => {
    const scope = CancellationScope.current();
    const work = (index: number) => {
      const one = workThrough(rangeAt(index, size, total));
      working.add(one);
      return one;
    };
    try {
      const lane = { from, end: endOf(from, ranges), window: routes.atOnce, work };
      return await fanOut(lane, pause);
    } catch (error) {
      // Nothing goes on of what has failed or was cancelled: neither here nor at a provider.
      scope.cancel();
      await Promise.allSettled(working);
      throw error;
    }
  });
  if (next < ranges)
    await continueAsNew<typeof byBatch>({
      ...input,
      paused: pause.paused,
      soFar: { routes, next, collected, spent: passed.spent },
    });
  return result();

  async function workThrough(range: OrdinalRange): Promise<void> {
    const parts = 'pass' in input ? passAskings(input, range) : [gradings(input)];
    for (const { before, askings } of parts) {
      await before();
      await untilAnswered(askings, range);
    }
  }

  /** What is asked about a range of a pass, one after the other, and what has to come before. */
  function passAskings({ pass }: OfPass, range: OrdinalRange): AskedTogether[] {
    const { ref: of, models, way, endpoints, hasFree } = pass;
    const isRouted = (asked: Asked, at?: string) =>
      routes.routes.some(
        ({ asked: routed, endpoint }) => routed === asked && (at ?? endpoint) === endpoint,
      );
    const named = { ...of, pass: pass.pass, models };
    const fanOut = { ...pass.fanOut, size: piece, total: range.to };
    const { prepare } = passSteps({ ...pass, fanOut }, passed, asking, () => {});
    const answering = endpoints.collaborators.filter((at) => isRouted('collaborate', at));
    const answers = {
      before: () => inPieces(pass, range, prepare),
      askings: answering.map(
        (endpoint): Asking => ({
          of: 'collaborate',
          input: { ...named, endpoint },
        }),
      ),
    };
    // The others have to have answered, too, before it is known where they disagree.
    const resolutions = {
      before: () =>
        inPieces(pass, range, async (index) => {
          const about = rangeAt(index, piece, range.to);
          for (const endpoint of endpoints.collaborators)
            await asking.ask((tolerance) =>
              perform.collaborate(
                { ...named, endpoint, range: about, tolerance },
                `collaborate ${rangeText(about)} at ${endpoint}, where no batch has answered`,
              ),
            );
          if (hasFree)
            await perform.collaborateFree(
              { ...of, pass: pass.pass, range: about },
              `collaborate ${rangeText(about)} without asking a model`,
            );
        }),
      askings: [{ of: 'justify', input: { ...named, way } } satisfies Asking],
    };
    const isResolved = (way === 'justify' && isRouted('justify')) || isRouted('judge');
    return isResolved ? [answers, resolutions] : [answers];
  }

  async function inPieces(
    { fanOut }: PassInput,
    { from, to }: OrdinalRange,
    work: (index: number) => Promise<unknown>,
  ): Promise<void> {
    let index = from / piece;
    const slot = async () => {
      while (index * piece < to) await work(index++);
    };
    await Promise.all(Array.from({ length: fanOut.window }, slot));
  }

  /** Sends what has no answer by batch, again and again, until nothing is left that may go so. */
  async function untilAnswered(askings: Asking[], range: OrdinalRange): Promise<void> {
    if (askings.length === 0) return;
    const about = { ...ref, askings, range, routes: routes.routes };
    const sent = new Map<AnswerStage, number>();
    /** What the answers about the range have cost. */
    let paid = NOTHING_SPENT;
    const key = `${phase}/${range.from}/${askings.map(({ of }) => of).join('+')}`;
    /** Of a file, where as many as an endpoint takes did not get through. */
    let most: number | undefined;
    for (let time = 1; ; time++) {
      await pause.whilePaused();
      const without = [...sent].flatMap(([stage, times]) => (times >= routes.rounds ? stage : []));
      const files = await asking.ask((tolerance) =>
        perform.writeBatches(
          { ...about, time, without, most, tolerance },
          `write requests about ${rangeText(range)} for batches`,
        ),
      );
      if (files.length === 0) return;
      const wanted = files.map((file) => file.wanted).reduce(addSpent, paid);
      if (input.isBudgeted) await budget.reserved(phase, wanted, key);
      const ended: EndedBatch[] = [];
      const collect = (sendsRefused: boolean) =>
        asking.ask((tolerance) =>
          perform.collectBatches(
            { ...about, ended, sendsRefused, tolerance },
            `store what batches answered about ${rangeText(range)}`,
          ),
        );
      const superviseAll = () => together(() => files.map((file) => supervise(file, ended)));
      try {
        const done = await (input.isBudgeted
          ? budget.whileGranted(superviseAll, key)
          : superviseAll());
        if (done) for (const stage of stagesIn(files)) sent.set(stage, (sent.get(stage) ?? 0) + 1);
        const busy = ended.flatMap(({ file, end }) => (end.isBusy ? file.requests : []));
        if (busy.length > 0) most = Math.ceil(Math.max(...busy) / 2);
        const { answered, refused, spent } = await collect(true);
        paid = spent;
        if (input.isBudgeted) await budget.settled(phase, paid, key);
        collected.answered += answered;
        collected.refused += refused;
        page.show({});
      } catch (error) {
        // What was answered was paid for.
        if (ended.length > 0) await CancellationScope.nonCancellable(() => collect(false));
        throw error;
      }
    }
  }

  /** Sees a batch from its creation to its end; what was answered until then is added to `ended`. */
  async function supervise(file: UploadedRequests, ended: EndedBatch[]): Promise<void> {
    const of = { ...ref, file };
    const at = `${file.requests} requests at ${file.endpoint}`;
    const shown = page.add(file);
    let batchId: string | undefined;
    try {
      for (let waits = 0; ; waits++) {
        const started = await perform.startBatch(of, `adopt or create the batch of ${at}`);
        if (started === null) return;
        batchId = started;
        shown.set({ batchId });
        const end = await untilEnded(batchId);
        if (!end.isBusy || waits === WAITS) {
          ended.push({ file, end });
          return;
        }
        shown.set({ isBusy: true });
        await sleep(1000 * routes.waitSeconds * 2 ** waits);
        shown.set({ isBusy: false });
      }
    } catch (error) {
      await CancellationScope.nonCancellable(() => settle());
      throw error;
    } finally {
      shown.end();
    }

    async function untilEnded(id: string): Promise<EndedBatch['end']> {
      let stalled: LastSeen | undefined;
      for (;;) {
        const seen = await perform.awaitBatch(
          { ...of, batchId: id, stalled },
          `waiting for batch ${id}, ${at}${stalled ? ', which has stalled' : ''}`,
        );
        if (seen.state === 'finished') return seen.result;
        stalled = seen.state === 'stalled' ? seen.lastSeen : undefined;
        shown.set({ stalledSince: stalled?.since });
      }
    }

    /** Cancels it, also where its id never came back, and waits a while for what it had answered. */
    async function settle(): Promise<void> {
      await perform.cancelBatch({ ...of, batchId }, `cancel the batch of ${at}`);
      const id = batchId;
      if (id === undefined) return;
      const end = await CancellationScope.withTimeout(SETTLING, () => untilEnded(id)).catch(
        () => undefined,
      );
      if (end) ended.push({ file, end });
    }
  }
}

/** All models are asked at the same time: each has a file of its own. */
function gradings({ ref, graded, split }: OfModels): AskedTogether {
  const models = Object.entries(graded) as [ModelRole, string | FoldModels][];
  const askings = models.map(
    ([role, model]): Asking => ({
      of: 'evaluate',
      input: { ...ref, role, model, split },
    }),
  );
  return { before: async () => {}, askings };
}

const stagesIn = (files: UploadedRequests[]) =>
  new Set(files.flatMap(({ stages }) => Object.keys(stages) as AnswerStage[]));

const asksOf = (input: ByBatchInput): Asked[] =>
  'pass' in input ? ['collaborate', 'justify', 'judge'] : ['evaluate', 'judge'];

/** Keeps the page of a phase's batches, and its round, up to date. Call it before the first await. */
function pageOf(status: BatchesStatus) {
  const tellRound = toParent(phaseNews);
  /** What was last seen of batches, the newest last. */
  const seen = new Map<string, { done: number; total: number }>();
  let trouble: string | undefined;
  const show = (change: Partial<BatchesStatus>) => {
    Object.assign(status, change);
    const of = [...seen.values()].slice(-status.underWay.length || seen.size);
    const requests =
      status.underWay.length === 0 ? undefined : of.reduce((sum, { done }) => sum + done, 0);
    const now = { ...status, trouble, seen: requests };
    setCurrentDetails(markdown([batchesProgress(now, Date.now())]));
    const stalled = status.underWay.some(({ stalledSince }) => stalledSince !== undefined);
    tellRound({
      ...{ name: status.phase, done: 0, total: status.total, trouble, hold: status.hold },
      ...(stalled && { warning: 'JobStalled' as const }),
      waitsFor: waitsForBatches(now),
    });
  };
  setHandler(progress, () => ({
    ...{ done: 0, total: status.total, unit: 'examples' },
    note: waitsForBatches(status),
  }));
  handleSightings((now, { activityId, done, total, detail }) => {
    trouble = now;
    if (detail !== undefined) {
      seen.delete(activityId);
      seen.set(activityId, { done, total });
    }
    show({});
  });
  return {
    show,
    add({ endpoint, requests }: UploadedRequests) {
      const batch: BatchesStatus['underWay'][number] = { endpoint, requests };
      status.underWay.push(batch);
      show({});
      return {
        set(change: Partial<typeof batch>) {
          Object.assign(batch, change);
          show({});
        },
        end() {
          status.underWay = status.underWay.filter((one) => one !== batch);
          show({});
        },
      };
    },
  };
}
