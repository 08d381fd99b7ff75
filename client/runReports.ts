import type { Config } from '../config/config.ts';
import type { IngestReport } from '../core/ingestReport.ts';
import type { Segment } from '../core/living/arrival.ts';
import type { RoundReport } from '../core/roundReport.ts';
import type { DatasetInfo, PerSplit } from '../store/datasets.ts';
import { connectStore } from '../store/store.ts';
import { OTHER_STORE, ReportsNotFound } from './errors.ts';

/** What a run has to show; `semievol report --json` prints it as it is. */
export interface RunReports {
  run: string;
  /** Of the rounds that have ended, in order. */
  rounds: RoundReport[];
  /** Those whose answers and neighbours are not in the store any more (`retention` of the spec). */
  dropped: number[];
  /** What became of the rows that the run began with; missing while it has no data set. */
  data?: IngestReport;
  /** What has come since, and became of it, in order. */
  segments: Segment[];
}

/**
 * Reads a run's reports.
 * @param dataset the present version of the run's data set; there are no reports before it has one
 * @throws ReportsNotFound where the store does not hold the data set; StoreError
 */
export async function readReports(
  { uri, options }: Config['store'],
  run: string,
  dataset: string | undefined,
): Promise<RunReports> {
  if (dataset === undefined) return { run, rounds: [], dropped: [], segments: [] };
  const store = connectStore({ uri, storageOptions: options });
  try {
    const history = await store.datasets.history(dataset);
    const [first] = history;
    if (!first)
      throw new ReportsNotFound(`the store ${uri} does not hold run "${run}": ${OTHER_STORE}`);
    const tables = await store.run(run, dataset);
    const [rounds, dropped] = await Promise.all([tables.reports(), tables.dropped()]);
    return { run, rounds, dropped, data: first.report, segments: segmentsOf(history) };
  } finally {
    store.close();
  }
}

const segmentsOf = (history: readonly DatasetInfo[]): Segment[] =>
  history.slice(1).map(({ segment, createdAt, counts, struck, report }, index) => {
    const before = history[index]!;
    return {
      ...{ number: segment, at: createdAt, report },
      added: less(counts, before.counts),
      removed: less(struck, before.struck),
    };
  });

const less = (numbers: PerSplit, before: PerSplit): PerSplit => ({
  labelled: numbers.labelled - before.labelled,
  unlabelled: numbers.unlabelled - before.unlabelled,
  test: numbers.test - before.test,
});
