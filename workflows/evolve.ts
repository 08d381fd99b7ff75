import {
  allHandlersFinished,
  condition,
  makeContinueAsNewFunc,
  startChild,
  upsertMemo,
  workflowInfo,
} from '@temporalio/workflow';
import type { LastState } from '../activities/runStates.ts';
import type { ActivityOptions } from '../core/activityOptions.ts';
import type { Budget } from '../core/budget.ts';
import { holdOfDrift } from '../core/drift/drift.ts';
import { finalFailure } from '../core/failures.ts';
import { lackOfGraded } from '../core/gate/gradedOn.ts';
import { askedBy } from '../core/living/pool.ts';
import type { Promotion } from '../core/living/promotion.ts';
import { isLast, roundText } from '../core/living/rounds.ts';
import type { LabelledExtent, RunData, RunState } from '../core/living/runState.ts';
import { type Plan, planOf, type Setting } from '../core/plan.ts';
import { summaryOf } from '../core/report/latest.ts';
import { lackOfUnlabelled } from '../core/selection/wanted.ts';
import { neighboursNeeded } from '../core/shots.ts';
import type { RunSpec } from '../core/spec.ts';
import { addSpent, NOTHING_SPENT, spentIn } from '../core/spent.ts';
import type { RunStatus } from '../core/status.ts';
import { activitiesWith, type Perform } from './activities.ts';
import { attributesOf, untilEnded } from './attributes.ts';
import { crown } from './crown.ts';
import { type Arrivals, handleArrivals } from './living/arrivals.ts';
import {
  type Championship,
  type Crown,
  handleChampionship,
  type Pending,
} from './living/championship.ts';
import { handleReviewing, type Reviewing } from './living/reviewing.ts';
import { handleWaiting, type Waiting } from './living/waiting.ts';
import { round as roundWorkflow } from './round.ts';
import { type RunPage, runPage } from './runPage.ts';

/** Rounds whose figures a run carries along; the reports of all are in the store. */
const LATEST = 5;

/** A run is begun with its spec; what was begun goes on without it. */
export type EvolveInput = { run: string } & (Beginning | { begun: Begun });

/** What a run is begun with. */
export interface Beginning {
  /** As `runSpec` has read it: workflows know no kinds, and fill in no defaults. */
  spec: RunSpec;
  /** Where relative paths of data files start; the worker's working folder when left out. */
  folder?: string;
  /** What is to be other than usual with the activities of the run. */
  activityOptions?: ActivityOptions;
}

/** Carried over when continued as new. */
export interface Begun extends RunState, Steering {
  /** A change of the champion that was recorded after what was kept, by an execution that has ended early. */
  unheard?: Promotion;
}

/** By what a run goes. */
interface Steering {
  plan: Plan;
  paused: boolean;
  setting: Setting;
  /** What the run may spend by now; nothing limits it where it is left out. */
  budget?: Budget | undefined;
  /** Whether a person has asked for the next round. */
  called?: boolean;
}

/** What a run has come to, as far as it is known before its data are. */
type SoFar = Omit<RunState, 'data'>;

/**
 * A whole evolution: rounds of SemiEvol, each with the champion of those before. Data come in while
 * it lives. Every round is a child workflow, and a new execution of this one, so that histories stay
 * short and each round is done by one build of the worker: the newest when it began. What it has come
 * to is kept in the store, too: one that has ended early, and is started again, goes on from there.
 */
export async function evolve(input: EvolveInput): Promise<RunStatus> {
  const { run } = input;
  const begun: SoFar & Steering & Partial<Begun> =
    'begun' in input ? input.begun : beginning(input);
  const { plan, setting, paused, budget, called, data, unheard, ...given } = begun;
  const steering: Steering = { plan, setting, paused, budget, ...(called && { called }) };
  const perform = activitiesWith(setting.activityOptions);
  const parts = handleAll(run, steering, given, data, perform);
  const { page, arrivals, championship, reviewing, waiting } = parts;
  const searchAttributes = await perform.knownSearchAttributes(
    undefined,
    'which search attributes are there',
  );
  const set = attributesOf(searchAttributes);
  page.set(set);
  return untilEnded(set, async () => {
    if (!('begun' in input)) {
      const prepared = await prepare(input);
      if ('last' in prepared) {
        const { state, unheard } = prepared.last;
        return continueWith({ ...steering, ...state, ...(unheard && { unheard }) });
      }
      arrivals.begin(prepared.data);
      await championship.begin();
    }
    if (unheard) {
      await championship.hear(unheard);
      await parts.keep(given);
    }
    const letGoOn = given.underWay ? given.letGoOn : await untilTrusted(run, plan, given, page);
    let now: SoFar = { ...given, ...(letGoOn !== undefined && { letGoOn }) };
    if (!given.underWay) await reviewing.untilReviewed();
    if (given.underWay ?? (await waiting.untilDue(given.since))) {
      now = await doRound(run, { plan, setting: { ...setting, searchAttributes } }, now, parts);
      if (isLast(plan, now.totals.finished)) return page.status();
    }
    await condition(allHandlersFinished);
    return continueWith({
      ...parts.stateOf(now),
      ...{ plan, setting, called: waiting.isCalled },
      ...{ paused: page.pause.paused, budget: page.budget.budget },
    });
  });

  function continueWith(begun: Begun): Promise<never> {
    const continueOnNewestBuild = makeContinueAsNewFunc<typeof evolve>({
      initialVersioningBehavior: 'AUTO_UPGRADE',
      memo: { ...workflowInfo().memo, dataset: begun.data.dataset },
    });
    return continueOnNewestBuild({ run, begun });
  }
}

/** Who has a part in a run. */
interface Parts {
  page: RunPage;
  arrivals: Arrivals;
  waiting: Waiting;
  championship: Championship;
  reviewing: Reviewing;
  /** What the run has come to by now. */
  stateOf(now: SoFar): RunState;
  /** Keeps that for when the run is started again. */
  keep(now: SoFar): Promise<void>;
}

/** Takes all that people and activities tell a run. Call it before the first await. */
function handleAll(
  run: string,
  steering: Steering,
  given: SoFar,
  data: RunData | undefined,
  perform: Perform,
): Parts {
  const { plan, setting, called = false } = steering;
  const round = given.totals.finished + 1;
  let now = given;
  const arrivals = handleArrivals(run, perform, data, () => changed());
  const page: RunPage = runPage(run, { ...steering, ...given }, () => ({
    champion: championship.champion.model,
    ...(arrivals.data && { data: extentOf(arrivals.data) }),
    ...waitingFor(run, championship.pending, reviewing.what ?? waiting.what),
  }));
  const show = () => page.show();
  const waiting = handleWaiting(run, plan, arrivals, page, {
    ...{ called, round, underWay: given.underWay !== undefined },
  });
  const reviewing = handleReviewing(run, plan.review, given.review, perform, { page, waiting });
  const crowned = (promotion: Parameters<Crown>[0]) =>
    crown({ run, dataset: arrivals.data!.dataset, promotion }, setting);
  const championship = handleChampionship(given.champion, { gate: plan.gate, round }, crowned, {
    changed: () => changed(),
    show,
  });
  const stateOf = (soFar: SoFar): RunState => ({
    ...soFar,
    data: arrivals.data!,
    champion: championship.champion,
    ...(reviewing.state && { review: reviewing.state }),
  });
  const keep = async (latest: SoFar): Promise<void> => {
    now = latest;
    // A run of one round does it again from its files.
    if (plan.rounds === 1) return;
    const kept = { run, state: stateOf(now) };
    await perform.keepState(kept, 'keep what the run has come to');
  };
  const changed = () => {
    show();
    return keep(now);
  };
  page.show();
  return { page, arrivals, waiting, championship, reviewing, stateOf, keep };
}

/** What the run waits for: a person, or what lets the next round begin. */
function waitingFor(
  run: string,
  pending: Pending | undefined,
  next: string | undefined,
): Pick<RunStatus, 'pending' | 'waitsFor'> {
  if (!pending) return next === undefined ? {} : { waitsFor: next };
  const { model } = pending.challenger;
  return { pending, waitsFor: `a person's word on ${model}, by "semievol decide ${run}"` };
}

/**
 * Pauses the run where it may have begun to learn from its own mistakes, until it is resumed.
 * @returns the round after which it was let go on last
 */
async function untilTrusted(
  run: string,
  { drift }: Plan,
  { latest, totals, letGoOn }: SoFar,
  { pause }: Pick<RunPage, 'pause'>,
): Promise<number | undefined> {
  if (letGoOn === totals.finished) return letGoOn;
  const hold = holdOfDrift(run, latest, drift, Date.now());
  if (!hold) return letGoOn;
  pause.halt(hold);
  await pause.whilePaused();
  return totals.finished;
}

/** @returns what the run has come to with a further round */
async function doRound(
  run: string,
  { plan, setting }: Pick<Steering, 'plan' | 'setting'>,
  given: SoFar,
  { page, arrivals, championship, reviewing, keep }: Parts,
): Promise<SoFar> {
  const { totals, since, way, choice, spent } = given;
  const round = totals.finished + 1;
  const { pause, budget } = page;
  await pause.whilePaused();
  const underWay = given.underWay ?? {
    at: Date.now(),
    champion: championship.start,
    data: arrivals.data!,
  };
  if (!given.underWay) await keep({ ...given, underWay });
  const { champion, data } = underWay;
  const { dataset, counts, struck, calibration } = data;
  const labelled = labelledExtentOf(data);
  const sft = given.sft && isSame(given.sft.of, labelled) ? given.sft.model : undefined;
  const seen = since?.counts.unlabelled ?? 0;
  const asked = askedBy(plan, { seen, total: counts.unlabelled });
  const workflowId = `${workflowInfo().workflowId}/round-${round}`;
  page.begin(workflowId);
  const starting = startChild(roundWorkflow, {
    workflowId,
    parentClosePolicy: 'REQUEST_CANCEL',
    staticSummary: `${roundText(round, plan.rounds)} from ${champion}`,
    args: [
      {
        ...{ run, plan, round, champion, dataset, counts, struck, setting, paused: pause.paused },
        ...{ calibration, way, choice, sft, asked, budget: budget.budget, spent },
      },
    ],
  });
  const report = await pause.follow(budget.follow(starting));
  const isPromoted = await championship.settle(report);
  const { choice: chosen, threshold } = report.pseudoLabels;
  // After the last nobody is asked any more.
  if (!isLast(plan, round)) {
    const ranked = { run, round, dataset, choice: chosen, threshold };
    await reviewing.rank({ ...ranked, ...(asked && { asked }) });
  }
  const summary = {
    ...summaryOf(report),
    promoted: isPromoted,
    champion: championship.champion.model,
  };
  const { underWay: _, ...before } = given;
  const now: SoFar = {
    ...before,
    ...{ way: report.resolution.way, choice: chosen },
    totals: { finished: round, promoted: totals.promoted + (isPromoted ? 1 : 0) },
    latest: [...given.latest, summary].slice(-LATEST),
    spent: addSpent(spent, spentIn(report)),
    since: { at: underWay.at, counts },
    sft: { model: report.models.sft, of: labelled },
  };
  page.end(report, now);
  await keep(now);
  return now;
}

const isSame = (one: LabelledExtent, other: LabelledExtent): boolean =>
  one.count === other.count && one.struck === other.struck;

const extentOf = ({ segment, counts, struck }: RunData) => ({ segment, counts, struck });

const labelledExtentOf = ({ counts, struck }: RunData): LabelledExtent => ({
  count: counts.labelled,
  struck: struck.labelled,
});

const beginning = ({ spec, activityOptions }: Beginning): SoFar & Steering => ({
  plan: planOf(spec),
  champion: { model: spec.model.name, changes: 0 },
  totals: { finished: 0, promoted: 0 },
  latest: [],
  paused: false,
  setting: { activityOptions },
  budget: spec.budget,
  spent: NOTHING_SPENT,
});

/**
 * Takes in the data and makes sure that the run can be done, once for all its rounds. The memo says
 * which data set it is, also when the run has ended: there the store has its reports.
 * @returns what the run had come to instead, where it was begun before and has ended early
 */
async function prepare({
  run,
  spec,
  folder,
  activityOptions,
}: Beginning & { run: string }): Promise<{ data: RunData } | { last: LastState }> {
  const perform = activitiesWith(activityOptions);
  await perform.checkModels(spec, 'ask each model for next to nothing');
  const last = await perform.lastState({ run, spec }, 'what the run had come to, if it was begun');
  if (last) return { last };
  const data = await perform.ingest(
    { data: spec.data, task: spec.task, folder },
    'read and clean the data files',
  );
  const wanted = neighboursNeeded(spec);
  if (wanted > data.counts.labelled)
    throw finalFailure(
      'DataError',
      `the collaborators want ${wanted} neighbours, but there are ${data.counts.labelled} labelled examples: lower shots, skip or neighbours, or label more`,
    );
  const lack = lackOfUnlabelled(spec.selection, data.counts.unlabelled);
  if (lack) throw finalFailure('DataError', lack);
  const ungraded = lackOfGraded(spec, data.counts.labelled);
  if (ungraded) throw finalFailure('DataError', ungraded);
  const { dataset } = data;
  const opened = await perform.openRun({ run, spec, dataset }, 'store the spec');
  upsertMemo({ dataset });
  const struck = { labelled: 0, unlabelled: 0, test: 0 };
  return { data: { ...data, segment: 0, struck, ...opened } };
}
