import { createHash } from 'node:crypto';
import type { IngestReport } from '../core/ingestReport.ts';
import type { Arrival, Arrived } from '../core/living/arrival.ts';
import { builtIn } from '../core/registry.ts';
import type { DataSpec, TaskSpec } from '../core/spec.ts';
import type { Split } from '../core/types.ts';
import type { Dataset } from '../store/dataset.ts';
import type { DatasetInfo, PerSplit } from '../store/datasets.ts';
import type { Written } from '../store/examples.ts';
import type { Store } from '../store/store.ts';
import type { Struck } from '../store/struck.ts';
import { SPLIT_ORDER } from './cleanFile.ts';
import { Cleaning } from './cleaning.ts';
import type { Strike } from './fate.ts';
import { hashesOf, localSources, type SplitSources, storeFiles } from './files.ts';
import type { IngestOptions } from './ingestDataset.ts';
import { withFolder } from './scratch.ts';

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
 * Adds a version to a data set: reads the files of an arrival and nothing else, and strikes out what
 * they replace. What there is of their questions is looked up by an index, however much there is.
 * The same arrival at the same version makes the same version; one that brings nothing new makes none.
 *
 * `data.limits` and `data.draw` hold for what the data set was begun with, not for what is added.
 *
 * @throws DataError for what the user must mend; then nothing has changed
 */
export async function extendDataset(
  store: Store,
  { dataset: id, arrival, data: given, task: taskSpec }: ExtendInput,
  { registry = builtIn, onProgress, signal }: IngestOptions = {},
): Promise<ExtendResult> {
  return withFolder(async (scratch) => {
    const parent = store.dataset(id);
    const before = await parent.info();
    const sources = await sourcesOf(arrival, scratch, signal);
    const { draw: _, ...data } = { ...given, limits: {} };
    const { labelled, unlabelled, test, ...reading } = data;
    const version = await versionId([id, reading, taskSpec], sources, signal);
    const known = await store.datasets.find(version);
    if (known) return resultOf(before, known);

    const task = registry.task(taskSpec);
    const cleaning = new Cleaning(data, task);
    const next = store.dataset(version);
    const writer = next.createExamples();
    try {
      await storeFiles(writer, sources, {
        ...{ data, task, cleaning, onProgress, signal },
        earlier: parent,
      });
      const { counts, strikes, report } = cleaning;
      if (sum(counts) + strikes.length === 0) {
        await writer.discard();
        return { ...resultOf(before, before), report };
      }
      if (strikes.length > 0) await next.writeStruck(await listOf(parent, before, strikes));
      const info = await writer.commit({ ...writtenOf(version, before, cleaning), report });
      return resultOf(before, info);
    } catch (error) {
      await writer.discard();
      throw error;
    }
  });
}

async function sourcesOf(
  arrival: Arrival,
  scratch: string,
  signal?: AbortSignal,
): Promise<SplitSources> {
  const { folder = '.' } = arrival;
  const sources: SplitSources = { labelled: [], unlabelled: [], test: [] };
  for (const split of SPLIT_ORDER)
    sources[split] = await localSources(arrival[split] ?? [], folder, scratch, signal);
  return sources;
}

/** 16 hex digits of SHA-256 over the version before, how files are read, and what they hold. */
async function versionId(
  given: unknown[],
  sources: SplitSources,
  signal?: AbortSignal,
): Promise<string> {
  const identity = [...given];
  for (const split of SPLIT_ORDER) identity.push(await hashesOf(sources[split], signal));
  return createHash('sha256').update(JSON.stringify(identity)).digest('hex').slice(0, 16);
}

/** All that is struck out from now on. */
async function listOf(
  parent: Dataset,
  { segment }: DatasetInfo,
  strikes: readonly Strike[],
): Promise<Struck[]> {
  const by = segment + 1;
  return [...(await parent.allStruck()), ...strikes.map((strike) => ({ ...strike, by }))];
}

/** What a version is that adds so many examples to the one before, and strikes out so many. */
function writtenOf(
  version: string,
  before: DatasetInfo,
  { counts, strikes }: Pick<Cleaning, 'counts' | 'strikes'>,
): Omit<Written, 'report'> {
  const removed = countBySplit(strikes);
  const isLabelledNew = counts.labelled + removed.labelled > 0;
  return {
    parent: before.id,
    root: before.root,
    segment: before.segment + 1,
    offsets: before.counts,
    counts: perSplit((split) => before.counts[split] + counts[split]),
    struck: perSplit((split) => before.struck[split] + removed[split]),
    struckIn: strikes.length > 0 ? version : before.struckIn,
    labelledBy: isLabelledNew ? version : before.labelledBy,
  };
}

const resultOf = (before: DatasetInfo, after: DatasetInfo): ExtendResult => ({
  dataset: after.id,
  segment: after.segment,
  counts: after.counts,
  struck: after.struck,
  added: perSplit((split) => after.counts[split] - before.counts[split]),
  removed: perSplit((split) => after.struck[split] - before.struck[split]),
  report: after.report,
});

const perSplit = (of: (split: Split) => number): PerSplit => ({
  labelled: of('labelled'),
  unlabelled: of('unlabelled'),
  test: of('test'),
});

const countBySplit = (strikes: readonly Strike[]): PerSplit =>
  perSplit((split) => strikes.filter((strike) => strike.split === split).length);

const sum = ({ labelled, unlabelled, test }: PerSplit) => labelled + unlabelled + test;
