import type { Client } from '@temporalio/client';
import type { Command } from 'commander';
import { observeRun, type RunView } from '../../client/runView.ts';
import type { RoundSummary } from '../../core/types.ts';
import { configOf, print, withClient } from '../context.ts';
import { phaseLine, stuckLine } from '../progress.ts';
import { table } from '../table.ts';

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
  return table(
    ['run', 'state', 'started', 'ended'],
    runs.map((one) => [one.run, one.state, one.startedAt, one.endedAt ?? '']),
  );
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
    ...(status?.latest ?? []).map((round) => `  ${roundLine(round)}`),
    ...(status && status.totals.finished > 0 ? [`figures: "semievol report ${run}"`] : []),
  ].join('\n');
}

/** One line for a round that has ended. */
function roundLine({ round, accuracy, selected, promoted, champion }: RoundSummary): string {
  const share = (value: number | null) => (value === null ? '–' : `${(100 * value).toFixed(1)} %`);
  const { vanilla, sft, semievol } = accuracy;
  return `round ${round}: base ${share(vanilla)}, SFT ${share(sft)}, SemiEvol ${share(semievol)} with ${selected} pseudo-labels; ${promoted ? 'promoted' : 'not promoted'}, champion ${champion}`;
}
