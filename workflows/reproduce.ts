import { WorkflowExecutionAlreadyStartedError } from '@temporalio/common';
import {
  CancellationScope,
  continueAsNew,
  setCurrentDetails,
  setHandler,
  startChild,
} from '@temporalio/workflow';
import type { ActivityOptions } from '../core/activityOptions.ts';
import { messagesOf } from '../core/errors.ts';
import { type GridGroup, type GridPlan, specOf } from '../core/grid/plan.ts';
import type { GridStatus } from '../core/grid/status.ts';
import { gridProgress } from '../core/report/grid.ts';
import { markdown } from '../core/report/markdown.ts';
import { activitiesWith } from './activities.ts';
import { cancellationOf } from './cancellation.ts';
import { evolve } from './evolve.ts';
import { fanOut } from './fanOut.ts';
import { gridStatus, handlePause } from './messages.ts';

/** Groups an execution begins before it continues as new, so that its history stays short. */
const GROUPS = 20;

/** What a grid is begun with, or goes on with. */
export interface ReproduceInput {
  plan: GridPlan;
  activityOptions?: ActivityOptions;
  /** Carried over when continued as new. */
  soFar?: { next: number; status: GridStatus };
}

/**
 * Runs what a grid compares: each cell on each draw of the data by each training seed is an
 * evolution, and a child. What has completed before is not run again, and a run that fails stops no
 * other. The runs of a group go one after another, since they share what they have in common.
 */
export async function reproduce(input: ReproduceInput): Promise<GridStatus> {
  const { plan, activityOptions } = input;
  const perform = activitiesWith(activityOptions);
  const status = input.soFar?.status ?? beginning(plan);
  const pause = handlePause(status.paused);
  const show = () => {
    status.paused = pause.paused;
    setCurrentDetails(markdown([gridProgress(status, Date.now())]));
  };
  setHandler(gridStatus, () => ({ ...status, paused: pause.paused }));
  pause.onChange(show);
  show();

  const from = input.soFar?.next ?? 0;
  const end = Math.min(from + GROUPS, plan.groups.length);
  try {
    const work = (index: number) => runGroup(plan.groups[index]!);
    const next = await fanOut({ from, end, window: plan.window, work }, pause);
    show();
    if (next < plan.groups.length)
      await continueAsNew<typeof reproduce>({ plan, activityOptions, soFar: { next, status } });
    return status;
  } catch (error) {
    throw cancellationOf(error);
  }

  async function runGroup(group: GridGroup): Promise<void> {
    const { runs, dataSeed, trainingSeed } = group;
    const finished = await perform.finishedRuns(
      runs,
      `which runs on data seed ${dataSeed}, training seed ${trainingSeed} have completed`,
    );
    status.done += finished.length;
    status.before += finished.length;
    for (const [cell, run] of runs.entries()) {
      const pace = status.cells[cell]!;
      if (finished.includes(run)) {
        pace.left--;
        continue;
      }
      await pause.whilePaused();
      status.running.push(run);
      show();
      const from = Date.now();
      try {
        await runCell(group, cell);
        status.done++;
        pace.done++;
        pace.took += Date.now() - from;
      } catch (error) {
        if (CancellationScope.current().consideredCancelled) throw error;
        status.failed.push({ run, message: messagesOf(error).at(-1)! });
      }
      pace.left--;
      status.running.splice(status.running.indexOf(run), 1);
      show();
    }
  }

  async function runCell(group: GridGroup, cell: number): Promise<void> {
    const run = group.runs[cell]!;
    try {
      await pause.follow(
        startChild(evolve, {
          workflowId: run,
          parentClosePolicy: 'REQUEST_CANCEL',
          // What has completed stays as it is.
          workflowIdReusePolicy: 'ALLOW_DUPLICATE_FAILED_ONLY',
          staticSummary: `${plan.cells[cell]!.name}, data seed ${group.dataSeed}, training seed ${group.trainingSeed}`,
          args: [{ run, spec: specOf(plan, group, cell), folder: group.folder, activityOptions }],
        }),
      );
    } catch (error) {
      // It has completed, and was not recorded any more: that is made up for.
      if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
    }
    await perform.recordRun(run, `record that ${run} has completed`);
  }
}

const beginning = ({ name, cells, groups }: GridPlan): GridStatus => ({
  grid: name,
  total: cells.length * groups.length,
  ...{ done: 0, before: 0, failed: [], running: [], paused: false },
  cells: cells.map(() => ({ left: groups.length, done: 0, took: 0 })),
});
