import type { Command } from 'commander';
import type { ListedRun } from '../../client/client.ts';
import type { RunView } from '../../client/runView.ts';
import { roundText } from '../../core/living/rounds.ts';
import { budgetLine, nearLines } from '../../core/report/budget.ts';
import { count } from '../../core/report/format.ts';
import { latestSections } from '../../core/report/latest.ts';
import { waitingText } from '../../core/report/progress.ts';
import { tableOf } from '../../core/report/section.ts';
import { type RunStatus, standingOf } from '../../core/status.ts';
import { configOf, print, withClient } from '../context.ts';
import { phaseLine, stuckLine } from '../progress.ts';
import { terminal } from '../terminal.ts';

export default async function status(
  run: string | undefined,
  { json }: { json?: boolean },
  command: Command,
): Promise<void> {
  await withClient(await configOf(command), async (client) => {
    if (run === undefined) {
      const runs: ListedRun[] = [];
      for await (const one of client.list()) runs.push(one);
      print(json, runs, listing(runs));
    } else {
      const view = await client.get(run).status();
      print(json, view, describe(view));
    }
  });
}

function listing(runs: ListedRun[]): string {
  if (runs.length === 0) return 'no runs yet: start one with "semievol run SPEC"';
  const table = tableOf(runs, [
    { title: 'run', kind: 'text', of: ({ name }) => name },
    { title: 'state', kind: 'text', of: ({ state }) => state },
    { title: 'started', kind: 'text', of: ({ startedAt }) => startedAt.toISOString() },
    { title: 'ended', kind: 'text', of: ({ endedAt }) => endedAt?.toISOString() ?? null },
  ]);
  return terminal([{ title: 'Runs', blocks: [table] }]);
}

/** How much data the next round has. */
function dataLine({ segment, counts, struck }: NonNullable<RunStatus['data']>): string {
  const splits = (['labelled', 'unlabelled', 'test'] as const).map(
    (split) =>
      `${count(counts[split] - struck[split])} ${split}${struck[split] > 0 ? ` (${count(struck[split])} struck out)` : ''}`,
  );
  return `data: ${splits.join(', ')}${segment > 0 ? `, in ${segment + 1} segments` : ''}`;
}

/** What a run does, as its search attribute says. */
function stateText({ state, status, phases }: RunView): string {
  if (state !== 'running' || !status) return state;
  return standingOf({ isPaused: status.paused, waitsFor: status.waitsFor, phases });
}

function describe(view: RunView): string {
  const { name, status, phases, workerPolling, stuck, failure } = view;
  const round = status ? `, ${roundText(status.round, status.rounds)}` : '';
  return [
    `${name}: ${stateText(view)}${round}`,
    ...(failure?.messages ?? []).map((message) => `  ${message}`),
    ...(status?.hold ? [`  ${status.hold.why}`] : []),
    ...nearLines(name, status?.hold ? [] : (status?.budget ?? [])).map((line) => `  ${line}`),
    ...(status?.waitsFor && !status.paused ? [`  ${waitingText(status.waitsFor)}`] : []),
    ...(stuck ? [`  ${stuckLine(stuck)}`] : []),
    ...phases.map((phase) => `  ${phaseLine(phase)}`),
    ...(status?.data ? [`  ${dataLine(status.data)}`] : []),
    ...(status?.budget ?? []).map((use) => `  ${budgetLine(use)}`),
    ...(workerPolling
      ? []
      : ['no worker is polling the task queue: start one with "semievol worker"']),
    ...(status && status.latest.length > 0
      ? [terminal(latestSections(status.latest)), `all figures: "semievol report ${name}"`]
      : []),
  ].join('\n');
}
