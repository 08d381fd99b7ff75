import {
  allHandlersFinished,
  condition,
  makeContinueAsNewFunc,
  startChild,
  upsertMemo,
  workflowInfo,
} from '@temporalio/workflow';
import type { ActivityOptions } from '../core/activityOptions.ts';
import type { Budget } from '../core/budget.ts';
import { holdOfDrift } from '../core/drift/drift.ts';
import { finalFailure } from '../core/failures.ts';
import type { Since } from '../core/living/next.ts';
import { askedBy } from '../core/living/pool.ts';
import { isLast, roundText } from '../core/living/rounds.ts';
import { type Plan, planOf, type Setting } from '../core/plan.ts';
import { summaryOf } from '../core/report/latest.ts';
import type { Way } from '../core/resolution.ts';
import type { ScoreChoice } from '../core/selection/choice.ts';
import { lackOfUnlabelled } from '../core/selection/wanted.ts';
import { neighboursNeeded } from '../core/shots.ts';
import type { RunSpec } from '../core/spec.ts';
import { addSpent, NOTHING_SPENT, type Spent, spentIn } from '../core/spent.ts';
import type { RoundSummary, RunStatus, RunTotals } from '../core/status.ts';
import { activitiesWith } from './activities.ts';
import { attributesOf, untilEnded } from './attributes.ts';
import { crown } from './crown.ts';
import { type Data, handleArrivals } from './living/arrivals.ts';
import {
  type Champion,
  type Championship,
  type Crown,
  handleChampionship,
  type Pending,
} from './living/championship.ts';
import { handleReviewing, type Reviewing, type ReviewState } from './living/reviewing.ts';
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

/** Carried over when continued as new: numbers and references, however many rounds there are. */
export interface Begun {
  plan: Plan;
  data: Data;
  champion: Champion;
  /** How the rounds so far have resolved disagreement. */
  way?: Way;
  /** By which score they have selected. */
  choice?: ScoreChoice;
  totals: RunTotals;
  latest: RoundSummary[];
  paused: boolean;
  setting: Setting;
  /** What the run may spend by now; nothing limits it where it is left out. */
  budget?: Budget | undefined;
  /** In the rounds that have ended. */
  spent: Spent;
  /** When the last round began, and what data there were then. */
  since?: Since;
  /** SFT of the rounds so far, with the labelled examples that it has learned from. */
  sft?: { model: string; of: LabelledExtent };
  /** Whether a person has asked for the next round. */
  called?: boolean;
  review?: ReviewState;
  /** The round after which the run was let go on, whatever speaks for drift. */
  letGoOn?: number;
}

/** Which labelled examples there are: none comes or goes without a change of these. */
interface LabelledExtent {
  count: number;
  struck: number;
}

/** What is known before the data are. */
type Given = Omit<Begun, 'data'>;

/**
 * A whole evolution: rounds of SemiEvol, each with the champion of those before. Data come in while
 * it lives. Every round is a child workflow, and a new execution of this one, so that histories stay
 * short and each round is done by one build of the worker: the newest when it began.
 */
export async function evolve(input: EvolveInput): Promise<RunStatus> {
  const { run } = input;
  const given: Given = 'begun' in input ? input.begun : beginning(input);
  const perform = activitiesWith(given.setting.activityOptions);
  const data = 'begun' in input ? input.begun.data : undefined;
  const arrivals = handleArrivals(run, perform, data, () => page.show());
  let waiting: Waiting | undefined;
  let championship: Championship | undefined;
  let reviewing: Reviewing | undefined;
  const page = runPage(run, given, () => ({
    champion: (championship?.champion ?? given.champion).model,
    ...(arrivals.data && { data: extentOf(arrivals.data) }),
    ...waitingFor(run, championship?.pending, reviewing?.what ?? waiting?.what),
  }));
  const next = given.totals.finished + 1;
  waiting = handleWaiting(given.plan.next, arrivals, page, {
    called: given.called ?? false,
    round: next,
  });
  reviewing = handleReviewing(run, given.plan.review, given.review, perform, { page, waiting });
  const crowned = (promotion: Parameters<Crown>[0]) =>
    crown({ run, dataset: arrivals.data!.dataset, promotion }, given.setting);
  championship = handleChampionship(
    given.champion,
    { gate: given.plan.gate, round: next },
    crowned,
    page.show,
  );
  const searchAttributes = await perform.knownSearchAttributes(
    undefined,
    'which search attributes are there',
  );
  const set = attributesOf(searchAttributes);
  page.set(set);
  return untilEnded(set, async () => {
    if (!('begun' in input)) {
      arrivals.begin(await prepare(input));
      await championship.begin();
    }
    const letGoOn = await untilTrusted(run, given, page);
    await reviewing.untilReviewed();
    const mayBegin = await waiting.untilDue(given.since);
    const setting = { ...given.setting, searchAttributes };
    const begun = mayBegin
      ? await doRound(
          run,
          { ...given, setting, data: arrivals.data! },
          { page, championship, reviewing },
        )
      : given;
    if (mayBegin && isLast(begun.plan, next)) return page.status();
    await condition(allHandlersFinished);
    const continueOnNewestBuild = makeContinueAsNewFunc<typeof evolve>({
      initialVersioningBehavior: 'AUTO_UPGRADE',
      memo: workflowInfo().memo,
    });
    return continueOnNewestBuild({
      run,
      begun: {
        ...begun,
        setting: given.setting,
        champion: championship.champion,
        data: arrivals.data!,
        paused: page.pause.paused,
        budget: page.budget.budget,
        called: waiting.isCalled,
        ...(reviewing.state && { review: reviewing.state }),
        ...(letGoOn !== undefined && { letGoOn }),
      },
    });
  });
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
  { plan, latest, totals, letGoOn }: Given,
  { pause }: Pick<RunPage, 'pause'>,
): Promise<number | undefined> {
  if (letGoOn === totals.finished) return letGoOn;
  const hold = holdOfDrift(run, latest, plan.drift, Date.now());
  if (!hold) return letGoOn;
  pause.halt(hold);
  await pause.whilePaused();
  return totals.finished;
}

/** Who has a part in a round. */
interface Parts {
  page: RunPage;
  championship: Championship;
  reviewing: Reviewing;
}

/** @returns what the run has come to with a further round */
async function doRound(
  run: string,
  begun: Begun,
  { page, championship, reviewing }: Parts,
): Promise<Given> {
  const { plan, data, totals, latest, setting, since, way, choice, spent } = begun;
  const round = totals.finished + 1;
  const { pause, budget } = page;
  await pause.whilePaused();
  const { model: champion } = championship.champion;
  const { dataset, counts, struck, calibration } = data;
  const labelled = labelledExtentOf(data);
  const sft = begun.sft && isSame(begun.sft.of, labelled) ? begun.sft.model : undefined;
  const began: Since = { at: Date.now(), counts };
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
  totals.finished++;
  if (isPromoted) totals.promoted++;
  latest.push({
    ...summaryOf(report),
    promoted: isPromoted,
    champion: championship.champion.model,
  });
  latest.splice(0, latest.length - LATEST);
  const { choice: chosen, threshold } = report.pseudoLabels;
  // After the last nobody is asked any more.
  if (!isLast(plan, round)) {
    const ranked = { run, round, dataset, choice: chosen, threshold };
    await reviewing.rank({ ...ranked, ...(asked && { asked }) });
  }
  const allSpent = addSpent(spent, spentIn(report));
  page.end(report, allSpent);
  return {
    ...begun,
    ...{ way: report.resolution.way, choice: chosen },
    ...{ spent: allSpent, since: began },
    sft: { model: report.models.sft, of: labelled },
  };
}

const isSame = (one: LabelledExtent, other: LabelledExtent): boolean =>
  one.count === other.count && one.struck === other.struck;

const extentOf = ({ segment, counts, struck }: Data) => ({ segment, counts, struck });

const labelledExtentOf = ({ counts, struck }: Data): LabelledExtent => ({
  count: counts.labelled,
  struck: struck.labelled,
});

const beginning = ({ spec, activityOptions }: Beginning): Given => ({
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
 */
async function prepare({
  run,
  spec,
  folder,
  activityOptions,
}: Beginning & { run: string }): Promise<Data> {
  const perform = activitiesWith(activityOptions);
  await perform.checkModels(spec, 'ask each model for next to nothing');
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
  const { dataset } = data;
  const opened = await perform.openRun({ run, spec, dataset }, 'store the spec');
  upsertMemo({ dataset });
  return { ...data, segment: 0, struck: { labelled: 0, unlabelled: 0, test: 0 }, ...opened };
}
