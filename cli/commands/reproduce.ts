import { writeFile } from 'node:fs/promises';
import type { Command } from 'commander';
import type { SemiEvolClient } from '../../client/client.ts';
import type { GridHandle } from '../../client/gridHandle.ts';
import type { GridStatus } from '../../core/grid/status.ts';
import type { GridTable } from '../../core/grid/table.ts';
import { gridCsv, gridLine, gridSections } from '../../core/report/grid.ts';
import { markdown } from '../../core/report/markdown.ts';
import { Interrupted, onInterrupt } from '../../stack/interrupt.ts';
import { configOf, withClient } from '../context.ts';
import { CliError, EXIT_CODE } from '../errors.ts';
import { type GridPlaces, readGridFile } from '../gridFile.ts';
import { assertWritable } from '../outcome.ts';
import { createDisplay, type ProgressDisplay } from '../progress.ts';
import { remarksOf } from '../remarks.ts';
import { terminal } from '../terminal.ts';

interface Options extends GridPlaces {
  json?: string;
  csv?: string;
  markdown?: string;
  cancel?: boolean;
  soFar?: boolean;
}

export default async function reproduce(
  file: string,
  options: Options,
  command: Command,
): Promise<void> {
  const config = await configOf(command);
  for (const kind of ['json', 'csv', 'markdown'] as const)
    if (options[kind]) await assertWritable(`--${kind}`, options[kind]);
  const given = await readGridFile(file, options);
  const say = (line: string) => void process.stderr.write(`${line}\n`);
  await withClient(config, async (client) => {
    if (options.soFar) {
      const table = await client.gridTable(given.grid, given.options);
      return writeTable(table, [], options);
    }
    if (options.cancel) {
      const grid = await client.grid(given.grid, given.options);
      if (grid.before !== 'running')
        throw new CliError(`grid "${grid.name}" is not at work: there is nothing to cancel`);
      await grid.cancel();
      say(`grid "${grid.name}" is being cancelled; the same command without --cancel goes on`);
      return;
    }
    const before = await client.stateOf(given.grid.name);
    if (before !== 'running') {
      for (const line of remarksOf(await client.checkGrid(given.grid, given.options))) say(line);
    }
    const grid = await client.reproduce(given.grid, given.options);
    const status = await followToEnd(client, grid);
    await writeTable(await grid.table(), status.failed, options);
    if (status.failed.length > 0) process.exitCode = EXIT_CODE.failed;
  });
}

async function writeTable(
  table: GridTable,
  failed: GridStatus['failed'],
  to: Options,
): Promise<void> {
  const sections = gridSections(table, failed);
  process.stdout.write(`${terminal(sections)}\n`);
  if (to.json) await writeFile(to.json, `${JSON.stringify({ ...table, failed }, null, 2)}\n`);
  if (to.csv) await writeFile(to.csv, gridCsv(table));
  if (to.markdown) await writeFile(to.markdown, markdown(sections));
}

/** @throws RunFailed, or Interrupted; the grid goes on then. */
async function followToEnd(client: SemiEvolClient, grid: GridHandle): Promise<GridStatus> {
  const interruption = onInterrupt(() => process.exit(EXIT_CODE.interrupted));
  const { signal } = interruption;
  const shown = new ShownGrid(client);
  try {
    for await (const { status, workerPolling } of grid.follow({ signal }))
      await shown.update(status, workerPolling);
    return await grid.result({ signal });
  } catch (error) {
    if (!signal.aborted) throw error;
    throw new Interrupted(
      'the grid goes on: the same command follows it again, with --cancel it ends',
    );
  } finally {
    shown.stop();
    interruption.release();
  }
}

/** Shows how far a grid has come in a line, and below that the phases of a run at work. */
class ShownGrid {
  readonly #client: SemiEvolClient;
  #run?: string;
  #display: ProgressDisplay = createDisplay();
  #said?: string;

  constructor(client: SemiEvolClient) {
    this.#client = client;
  }

  async update(status: GridStatus | undefined, workerPolling: boolean): Promise<void> {
    if (!workerPolling) return this.#say('no worker', NO_WORKER);
    if (!status) return;
    const { done, failed, running, paused } = status;
    const line = [gridLine(status), ...running].join('; ');
    this.#say([done, failed.length, paused, ...running].join(), line);
    const [run] = running;
    if (run === undefined) return;
    if (run !== this.#run) {
      this.#display.stop();
      this.#display = createDisplay();
      this.#run = run;
    }
    // It may have ended just now, or not have begun.
    const view = await this.#client
      .get(run)
      .status()
      .catch(() => undefined);
    if (view) this.#display.update(view);
  }

  #say(news: string, line: string): void {
    if (news === this.#said) return;
    this.#said = news;
    this.#display.say(line);
  }

  stop(): void {
    this.#display.stop();
  }
}

const NO_WORKER =
  'no worker is polling the task queue: start one with "semievol worker" (or "semievol dev")';
