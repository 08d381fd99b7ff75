import {
  ApplicationFailure,
  allHandlersFinished,
  condition,
  makeContinueAsNewFunc,
  setCurrentDetails,
  setHandler,
  startChild,
  workflowInfo,
} from '@temporalio/workflow';
import { markdownReport } from '../core/report.ts';
import { neighboursNeeded } from '../core/shots.ts';
import type { RunSpec } from '../core/spec.ts';
import type { RoundReport, RunStatus } from '../core/types.ts';
import { checkModels, ingest, openRun } from './activities.ts';
import { handlePause, runStatus } from './messages.ts';
import { round as roundWorkflow } from './round.ts';

export interface EvolveInput {
  run: string;
  spec: RunSpec;
  /** Carried over when continued as new. */
  soFar?: { base: string; reports: RoundReport[]; paused: boolean };
}

/**
 * A whole evolution: rounds of SemiEvol, each from the champion of those before. Every round is a
 * child workflow, and a new execution of this one, so that histories stay short and each round is
 * done by one build of the worker: the newest when it began.
 */
export async function evolve(input: EvolveInput): Promise<RunStatus> {
  const { run, spec } = input;
  const { base, reports, paused } = input.soFar ?? {
    base: spec.model.name,
    reports: [],
    paused: false,
  };
  const round = reports.length + 1;
  const pause = handlePause(paused);
  let roundWorkflowId: string | undefined;
  const status = (): RunStatus => ({
    run,
    round: Math.min(round, spec.rounds),
    rounds: spec.rounds,
    paused: pause.paused,
    roundWorkflowId,
    reports,
  });
  setHandler(runStatus, status);

  await checkModels(spec);
  const { dataset, counts } = await ingest({ data: spec.data, task: spec.task });
  const shots = neighboursNeeded(spec.collaborators);
  if (shots > counts.labelled)
    throw ApplicationFailure.nonRetryable(
      `the collaborators want ${shots} neighbours, but there are ${counts.labelled} labelled examples: lower shots or skip, or label more`,
      'DataError',
    );

  await openRun({ run, spec });

  await pause.whilePaused();
  const workflowId = `${workflowInfo().workflowId}/round-${round}`;
  roundWorkflowId = workflowId;
  const report = await pause.follow(
    startChild(roundWorkflow, {
      workflowId,
      parentClosePolicy: 'REQUEST_CANCEL',
      staticSummary: `Round ${round} of ${spec.rounds}`,
      args: [{ run, spec, round, base, dataset, counts, paused: pause.paused }],
    }),
  );
  reports.push(report);
  setCurrentDetails(markdownReport(report));
  if (round === spec.rounds) return status();

  await condition(allHandlersFinished);
  const continueOnNewestBuild = makeContinueAsNewFunc<typeof evolve>({
    initialVersioningBehavior: 'AUTO_UPGRADE',
  });
  return continueOnNewestBuild({
    ...input,
    soFar: { base: report.models.champion, reports, paused: pause.paused },
  });
}
