import {
  allHandlersFinished,
  condition,
  makeContinueAsNewFunc,
  setCurrentDetails,
  setHandler,
  startChild,
  upsertMemo,
  workflowInfo,
} from '@temporalio/workflow';
import type { Opened } from '../activities/openRun.ts';
import type { ActivityOptions } from '../core/activityOptions.ts';
import type { Budget } from '../core/budget.ts';
import { finalFailure } from '../core/failures.ts';
import { NO_FIGURES } from '../core/figures.ts';
import { type Plan, planOf, type Setting } from '../core/plan.ts';
import { latestSections, summaryOf } from '../core/report/latest.ts';
import { markdown } from '../core/report/markdown.ts';
import { runProgress, spentSection } from '../core/report/progress.ts';
import { roundSections } from '../core/report/round.ts';
import type { Way } from '../core/resolution.ts';
import type { RoundReport } from '../core/roundReport.ts';
import type { ScoreChoice } from '../core/selection/choice.ts';
import { lackOfUnlabelled } from '../core/selection/wanted.ts';
import { neighboursNeeded } from '../core/shots.ts';
import type { RunSpec } from '../core/spec.ts';
import { addSpent, NOTHING_SPENT, type Spent, spentIn } from '../core/spent.ts';
import type { RoundStatus, RoundSummary, RunStatus, RunTotals } from '../core/status.ts';
import type { IngestResult } from '../data/ingestDataset.ts';
import { activitiesWith } from './activities.ts';
import { attributesOf, attributesOfRound, type SetAttributes, untilEnded } from './attributes.ts';
import { handleRunBudget, type RunBudget } from './budget/ofRun.ts';
import { handlePause, type PauseState, runStatus } from './messages.ts';
import { handleSightings, roundNews } from './news.ts';
import { round as roundWorkflow } from './round.ts';

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
  /** The champion so far. */
  base: string;
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
}

/**
 * The data set that all rounds work on, whatever becomes of the files it was read from, and which
 * examples of it calibrate.
 */
type Data = Pick<IngestResult, 'dataset' | 'counts'> & Opened;

/**
 * A whole evolution: rounds of SemiEvol, each from the champion of those before. Every round is a
 * child workflow, and a new execution of this one, so that histories stay short and each round is
 * done by one build of the worker: the newest when it began.
 */
export async function evolve(input: EvolveInput): Promise<RunStatus> {
  const begun = 'begun' in input ? input.begun : beginning(input);
  const page = runPage(input.run, begun);
  const { activityOptions } = begun.setting;
  const searchAttributes = await activitiesWith(activityOptions).knownSearchAttributes(
    undefined,
    'which search attributes are there',
  );
  const set = attributesOf(searchAttributes);
  page.set(set);
  return untilEnded(set, async () => {
    const data = 'begun' in input ? input.begun.data : await prepare(input);
    return nextRound(input.run, { ...begun, data }, searchAttributes, page);
  });
}

async function nextRound(
  run: string,
  { plan, base, totals, latest, data, setting, ...begun }: Begun,
  searchAttributes: Setting['searchAttributes'],
  page: RunPage,
): Promise<RunStatus> {
  const round = totals.finished + 1;
  const { pause, budget } = page;
  await pause.whilePaused();
  const workflowId = `${workflowInfo().workflowId}/round-${round}`;
  page.begin(workflowId);
  const starting = startChild(roundWorkflow, {
    workflowId,
    parentClosePolicy: 'REQUEST_CANCEL',
    staticSummary: `round ${round} of ${plan.rounds} from ${base}`,
    args: [
      {
        ...{ run, plan, round, base, ...data, paused: pause.paused },
        ...{ way: begun.way, choice: begun.choice },
        ...{ budget: budget.budget, spent: begun.spent },
        setting: { ...setting, searchAttributes },
      },
    ],
  });
  const report = await pause.follow(budget.follow(starting));
  totals.finished++;
  if (report.promoted) totals.promoted++;
  latest.push(summaryOf(report));
  latest.splice(0, latest.length - LATEST);
  const spent = addSpent(begun.spent, spentIn(report));
  page.end(report, spent);
  if (round === plan.rounds) return page.status();

  await condition(allHandlersFinished);
  const continueOnNewestBuild = makeContinueAsNewFunc<typeof evolve>({
    initialVersioningBehavior: 'AUTO_UPGRADE',
    memo: workflowInfo().memo,
  });
  const { champion } = report.models;
  const { way } = report.resolution;
  const { choice } = report.pseudoLabels;
  const { paused } = pause;
  return continueOnNewestBuild({
    run,
    begun: {
      ...{ plan, data, base: champion, way, choice, totals, latest, paused, setting, spent },
      budget: budget.budget,
    },
  });
}

interface RunPage {
  readonly pause: PauseState;
  readonly budget: RunBudget;
  status(): RunStatus;
  begin(roundWorkflowId: string): void;
  end(report: RoundReport, spent: Spent): void;
  /** From now on its search attributes are set, too. */
  set(attributes: SetAttributes): void;
}

/**
 * Answers the `status` query, and keeps the page and the search attributes of a run up to date.
 * Call it before the first await.
 */
function runPage(
  run: string,
  { plan, totals, latest, paused, spent, budget: given }: Omit<Begun, 'data'>,
): RunPage {
  const pause = handlePause(paused);
  const round = totals.finished + 1;
  let news: RoundStatus | undefined;
  let trouble: string | undefined;
  let roundWorkflowId: string | undefined;
  let set: SetAttributes = () => {};
  const budget = handleRunBudget(
    given,
    spent,
    () => news?.budget,
    () => show(),
  );
  /** What the round has told, without a limit that has been raised since. */
  const told = (): RoundStatus | undefined => {
    const isRaised = news?.hold?.warning === 'BudgetReached' && !budget.isKnownBy(news.budget);
    return news && isRaised ? { ...news, hold: undefined } : news;
  };
  const status = (): RunStatus => ({
    run,
    round: Math.min(totals.finished + 1, plan.rounds),
    rounds: plan.rounds,
    paused: pause.paused || told()?.hold !== undefined,
    hold: told()?.hold,
    budget: budget.uses(),
    roundWorkflowId,
    totals,
    latest,
  });
  const show = () => {
    const { pausedAt } = pause;
    const now = {
      ...{ run, round, rounds: plan.rounds, pausedAt, trouble, spent, news: told() },
      budget: budget.uses(),
    };
    setCurrentDetails(markdown([runProgress(now, Date.now()), ...latestSections(latest)]));
    const ofRound: RoundStatus = told() ?? { round, phases: [], figures: NO_FIGURES };
    set(attributesOfRound({ ...ofRound, pausedAt, trouble: trouble ?? ofRound.trouble }, plan));
  };
  pause.onChange(show);
  handleSightings((now) => {
    trouble = now;
    show();
  });
  setHandler(roundNews, (told) => {
    // That of the round before may come late.
    if (told.round !== round || totals.finished >= round) return;
    news = told;
    show();
  });
  setHandler(runStatus, status);
  show();
  return {
    pause,
    budget,
    status,
    begin(id) {
      roundWorkflowId = id;
    },
    end(report, all) {
      setCurrentDetails(
        markdown([...roundSections(report), ...latestSections(latest), spentSection(all)]),
      );
    },
    set(attributes) {
      set = attributes;
      show();
    },
  };
}

const beginning = ({ spec, activityOptions }: Beginning): Omit<Begun, 'data'> => ({
  plan: planOf(spec),
  base: spec.model.name,
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
  return { ...data, ...opened };
}
