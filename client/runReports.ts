import type { Client } from '@temporalio/client';
import { CliError, exitCode } from '../cli/errors.ts';
import type { Config } from '../config/config.ts';
import type { IngestReport, RoundReport } from '../core/types.ts';
import { connectStore } from '../store/store.ts';
import { describeRun } from './runView.ts';

/** What a run has to show; `semievol report --json` prints it as it is. */
export interface RunReports {
  run: string;
  /** Of the rounds that have ended, in order. */
  rounds: RoundReport[];
  /** What became of the data files' rows; missing while the run has no data set. */
  data?: IngestReport;
}

/**
 * Reads a run's reports from the store, whether the run goes on, has completed or has failed.
 * @throws CliError where there is no such run, or the store does not hold its data
 */
export async function readReports(
  client: Client,
  { store: { uri, options } }: Config,
  run: string,
): Promise<RunReports> {
  const { memo } = await describeRun(client, run);
  const dataset = memo?.dataset as string | undefined;
  if (dataset === undefined) return { run, rounds: [] };
  const store = connectStore({ uri, storageOptions: options });
  try {
    const info = await store.datasets.find(dataset);
    if (!info)
      throw new CliError(
        `the store ${uri} does not hold run "${run}": set store.uri in temporal.config.ts to the store of the workers`,
        { exit: exitCode.failed },
      );
    return { run, rounds: await store.run(run, dataset).reports(), data: info.report };
  } finally {
    store.close();
  }
}
