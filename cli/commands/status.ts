import type { Client } from '@temporalio/client';
import type { Command } from 'commander';
import { observeRun, type RunView } from '../../client/runView.ts';
import { latestSections } from '../../core/report/latest.ts';
import { tableOf } from '../../core/report/section.ts';
import { configOf, print, withClient } from '../context.ts';
import { phaseLine, stuckLine } from '../progress.ts';
import { terminal } from '../terminal.ts';

export function addStatus(program: Command): void {
  program
    .command('status')
    .description('show one run, or list all of them')
    .argument('[run]', 'name of the run')
    .option('--json', 'print JSON')
    .addHelpText('after', '\nExample:\n  $ semievol status fpb')
    .action(async (run: string | undefined, { json }: { json?: boolean }, command: Command) => {
      const config = await configOf(command);
      await withClient(config, async (client) => {
        if (run === undefined) {
          const runs = await listRuns(client);
          print(json, runs, listing(runs));
        } else {
          const view = await observeRun(client, run, config.temporal.taskQueue);
          print(json, view, describe(view));
        }
      });
    });
}

interface Listed {
  run: string;
  state: string;
  startedAt: string;
  endedAt?: string;
}

async function listRuns(client: Client): Promise<Listed[]> {
  const runs: Listed[] = [];
  const query = 'WorkflowType = "evolve" AND ExecutionStatus != "ContinuedAsNew"';
  for await (const { workflowId, status, startTime, closeTime } of client.workflow.list({ query }))
    runs.push({
      run: workflowId,
      state: status.name.toLowerCase(),
      startedAt: startTime.toISOString(),
      endedAt: closeTime?.toISOString(),
    });
  return runs;
}

function listing(runs: Listed[]): string {
  if (runs.length === 0) return 'no runs yet: start one with "semievol run SPEC"';
  const table = tableOf(runs, [
    { title: 'run', kind: 'text', of: ({ run }) => run },
    { title: 'state', kind: 'text', of: ({ state }) => state },
    { title: 'started', kind: 'text', of: ({ startedAt }) => startedAt },
    { title: 'ended', kind: 'text', of: ({ endedAt }) => endedAt ?? null },
  ]);
  return terminal([{ title: 'Runs', blocks: [table] }]);
}

function describe(view: RunView): string {
  const { run, state, status, phases, workerPolling, stuck, failure } = view;
  const round = status ? `, round ${status.round} of ${status.rounds}` : '';
  return [
    `${run}: ${status?.paused && state === 'running' ? 'paused' : state}${round}`,
    ...(failure ?? []).map((message) => `  ${message}`),
    ...(stuck ? [`  ${stuckLine(stuck)}`] : []),
    ...phases.map((phase) => `  ${phaseLine(phase)}`),
    ...(workerPolling
      ? []
      : ['no worker is polling the task queue: start one with "semievol worker"']),
    ...(status && status.latest.length > 0
      ? [terminal(latestSections(status.latest)), `all figures: "semievol report ${run}"`]
      : []),
  ].join('\n');
}
