import type { Config } from '../config/config.ts';
import type { IngestReport } from '../core/ingestReport.ts';
import type { RoundReport } from '../core/roundReport.ts';
import { connectStore } from '../store/store.ts';
import { ReportsNotFound } from './errors.ts';

/** What a run has to show; `semievol report --json` prints it as it is. */
export interface RunReports {
  run: string;
  /** Of the rounds that have ended, in order. */
  rounds: RoundReport[];
  /** Those whose answers and neighbours are not in the store any more (`retention` of the spec). */
  dropped: number[];
  /** What became of the data files' rows; missing while the run has no data set. */
  data?: IngestReport;
}

/**
 * Reads a run's reports.
 * @param dataset the run's data set; there are no reports before it has one
 * @throws ReportsNotFound where the store does not hold the data set; StoreError
 */
export async function readReports(
  { uri, options }: Config['store'],
  run: string,
  dataset: string | undefined,
): Promise<RunReports> {
  if (dataset === undefined) return { run, rounds: [], dropped: [] };
  const store = connectStore({ uri, storageOptions: options });
  try {
    const info = await store.datasets.find(dataset);
    if (!info)
      throw new ReportsNotFound(
        `the store ${uri} does not hold run "${run}": set store.uri in temporal.config.ts to the store of the workers`,
      );
    const tables = await store.run(run, dataset);
    const [rounds, dropped] = await Promise.all([tables.reports(), tables.dropped()]);
    return { run, rounds, dropped, data: info.report };
  } finally {
    store.close();
  }
}
