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
import type { ActivityOptions } from '../core/activityOptions.ts';
import { finalFailure } from '../core/failures.ts';
import { type Plan, planOf, type Setting } from '../core/plan.ts';
import { latestSections, summaryOf } from '../core/report/latest.ts';
import { markdown } from '../core/report/markdown.ts';
import { roundSections } from '../core/report/round.ts';
import { neighboursNeeded } from '../core/shots.ts';
import type { RunSpec } from '../core/spec.ts';
import type { RoundSummary, RunStatus, RunTotals } from '../core/types.ts';
import type { IngestResult } from '../data/ingestDataset.ts';
import { activitiesWith } from './activities.ts';
import { handlePause, runStatus } from './messages.ts';
import { round as roundWorkflow } from './round.ts';

/** Rounds whose figures a run carries along; the reports of all are in the store. */
const LATEST = 5;

/** A run is begun with its spec; what was begun goes on without it. */
export type EvolveInput = { run: string } & (Beginning | { begun: Begun });

/** What a run is begun with. */
export interface Beginning {
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
  totals: RunTotals;
  latest: RoundSummary[];
  paused: boolean;
  setting: Setting;
}

/** The data set that all rounds work on, whatever becomes of the files it was read from. */
type Data = Pick<IngestResult, 'dataset' | 'counts'>;

/**
 * A whole evolution: rounds of SemiEvol, each from the champion of those before. Every round is a
 * child workflow, and a new execution of this one, so that histories stay short and each round is
 * done by one build of the worker: the newest when it began.
 */
export async function evolve(input: EvolveInput): Promise<RunStatus> {
  const { run } = input;
  const { plan, base, totals, latest, paused, setting }: Omit<Begun, 'data'> =
    'begun' in input ? input.begun : beginning(input);
  const round = totals.finished + 1;
  const pause = handlePause(paused);
  let roundWorkflowId: string | undefined;
  const status = (): RunStatus => ({
    run,
    round: Math.min(totals.finished + 1, plan.rounds),
    rounds: plan.rounds,
    paused: pause.paused,
    roundWorkflowId,
    totals,
    latest,
  });
  setHandler(runStatus, status);
  setCurrentDetails(markdown(latestSections(latest)));

  const data = 'begun' in input ? input.begun.data : await prepare(run, input);

  await pause.whilePaused();
  const workflowId = `${workflowInfo().workflowId}/round-${round}`;
  roundWorkflowId = workflowId;
  const report = await pause.follow(
    startChild(roundWorkflow, {
      workflowId,
      parentClosePolicy: 'REQUEST_CANCEL',
      staticSummary: `round ${round} of ${plan.rounds} from ${base}`,
      args: [{ run, plan, round, base, ...data, paused: pause.paused, setting }],
    }),
  );
  totals.finished++;
  if (report.promoted) totals.promoted++;
  latest.push(summaryOf(report));
  latest.splice(0, latest.length - LATEST);
  setCurrentDetails(markdown([...roundSections(report), ...latestSections(latest)]));
  if (round === plan.rounds) return status();

  await condition(allHandlersFinished);
  const continueOnNewestBuild = makeContinueAsNewFunc<typeof evolve>({
    initialVersioningBehavior: 'AUTO_UPGRADE',
    memo: workflowInfo().memo,
  });
  const { champion } = report.models;
  return continueOnNewestBuild({
    run,
    begun: { plan, data, base: champion, totals, latest, paused: pause.paused, setting },
  });
}

const beginning = ({ spec, activityOptions }: Beginning): Omit<Begun, 'data'> => ({
  plan: planOf(spec),
  base: spec.model.name,
  totals: { finished: 0, promoted: 0 },
  latest: [],
  paused: false,
  setting: { activityOptions },
});

/**
 * Takes in the data and makes sure that the run can be done, once for all its rounds. The memo says
 * which data set it is, also when the run has ended: there the store has its reports.
 */
async function prepare(run: string, { spec, folder, activityOptions }: Beginning): Promise<Data> {
  const perform = activitiesWith(activityOptions);
  await perform.checkModels(spec, 'ask each model for next to nothing');
  const data = await perform.ingest(
    { data: spec.data, task: spec.task, folder },
    'read and clean the data files',
  );
  const shots = neighboursNeeded(spec.collaborators);
  if (shots > data.counts.labelled)
    throw finalFailure(
      'DataError',
      `the collaborators want ${shots} neighbours, but there are ${data.counts.labelled} labelled examples: lower shots or skip, or label more`,
    );
  await perform.openRun({ run, spec }, 'store the spec');
  upsertMemo({ dataset: data.dataset });
  return data;
}
