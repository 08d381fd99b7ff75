import type { IngestReport } from '../core/ingestReport.ts';
import type { Arrival, Arrived } from '../core/living/arrival.ts';
import { builtIn } from '../core/registry.ts';
import { joiningOf } from '../core/review/review.ts';
import type { DataSpec, TaskSpec } from '../core/spec.ts';
import type { Store } from '../store/store.ts';
import { addRows } from './addRows.ts';
import { localSources, splitSources } from './files.ts';
import type { IngestOptions } from './ingestDataset.ts';
import { withFolder } from './scratch.ts';
import { perSplit } from './version.ts';
import { withdrawRows } from './withdrawRows.ts';

export interface ExtendInput {
  /** The version that is added to. */
  dataset: string;
  /** Whose reviews may join. */
  run: string;
  arrival: Arrival;
  /** How the files are read, as those that the data set was begun with. */
  data: DataSpec;
  task: TaskSpec;
}

/** What came of an arrival, and what became of its rows. */
export type ExtendResult = Arrived & { report: IngestReport };

/**
 * Adds to a data set: reads the files of an arrival and nothing else, and strikes out what they replace.
 * What there is of their questions is looked up by an index, however much there is. What is withdrawn
 * makes a version of its own, before that of what is new. The same arrival at the same version makes the
 * same versions; one that changes nothing makes none.
 *
 * `data.limits` and `data.draw` hold for what the data set was begun with, not for what is added.
 *
 * @throws DataError for what the user must mend
 */
export async function extendDataset(
  store: Store,
  { dataset, run, arrival, data: given, task }: ExtendInput,
  { registry = builtIn, onProgress, signal }: IngestOptions = {},
): Promise<ExtendResult> {
  return withFolder(async (scratch) => {
    const { folder = '.', withdrawn = [], withdrawnSegments: segments = [] } = arrival;
    const files = await localSources(withdrawn, folder, scratch, signal);
    const sources = await splitSources(arrival, folder, scratch, signal);

    const { draw: _, ...data } = { ...given, limits: {} };
    const { labelled, unlabelled, test, ...form } = data;
    const identity = [form, task];
    const reading = { data, task: registry.task(task), identity, onProgress, signal };
    const before = await store.dataset(dataset).info();
    const reviews = Math.max(before.reviews, arrival.reviews ?? 0);
    const said = await store.reviews(run).read({ after: before.reviews, upTo: reviews });
    const { bad = [], answered = [] } = Object.groupBy(joiningOf(said), ({ answer }) =>
      answer === null ? 'bad' : 'answered',
    );
    const less = await withdrawRows(store, before, { files, segments, bad }, reading);
    const more = await addRows(store, less.info, { sources, answered, reviews }, reading);
    const { id, segment, counts, struck } = more.info;
    return {
      ...{ dataset: id, segment, counts, struck },
      added: perSplit((split) => counts[split] - before.counts[split]),
      removed: perSplit((split) => struck[split] - before.struck[split]),
      report: { ...more.report, withdrawals: less.withdrawals },
    };
  });
}
