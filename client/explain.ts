import { z } from 'zod';
import type { Config } from '../config/config.ts';
import type { Answer } from '../core/answer.ts';
import type {
  Ancestor,
  ExplainedRow,
  ExplainedRows,
  Explanation,
  GivenAnswer,
  NeighbourRow,
} from '../core/lineage/explanation.ts';
import { rangesIn } from '../core/range.ts';
import type { RunSpec } from '../core/spec.ts';
import { isLearned, type StoredRows } from '../core/trainingRows.ts';
import type { ModelRecord, StoredExample } from '../core/types.ts';
import { keptFromEarlier } from '../data/keptRows.ts';
import type { Dataset } from '../store/dataset.ts';
import type { RunTables, SelectedRow } from '../store/run.ts';
import type { Store } from '../store/store.ts';
import { ReportsNotFound } from './errors.ts';
import { checked } from './spec.ts';
import { storedRowsOf } from './storedRows.ts';

const page = z.strictObject({
  after: z
    .string()
    .regex(/^(selected|earlier|labelled)\/\d+$/, 'give what the page before names as the next')
    .optional(),
  count: z.number().int().min(1).max(100).default(10),
});

/** Which page of an explanation is wanted. */
export interface ExplainOptions {
  /** What the page before names as the next; the first page when left out. */
  after?: string | undefined;
  /** Rows, 1 to 100; 10 when left out. */
  count?: number | undefined;
}

/** Ordinals that are looked at at once. */
const STEP = 4_096;

/** What the examples of a model are read from. */
interface Sources {
  spec: RunSpec;
  dataset: Dataset;
  tables: RunTables;
}

/**
 * Says what a model was made of: what it was tuned from, and page by page the examples that it has
 * learned, each with the answers, neighbours and scores by which it came into the training file. It asks
 * the configured store alone.
 * @throws ReportsNotFound where the store does not know the model; SpecError for a page that cannot be;
 * StoreError
 *
 * @example
 * const { rows } = await explainModel(await loadConfig(), 'ft:small:r3-semievol:1a2b3c4d');
 */
export async function explainModel(
  { store: { uri, options } }: Pick<Config, 'store'>,
  model: string,
  wanted: ExplainOptions = {},
): Promise<Explanation> {
  const { after, count } = checked(page, wanted, 'the page');
  // LanceDB takes a while to load.
  const { connectStore } = await import('../store/store.ts');
  const store = connectStore({ uri, storageOptions: options });
  try {
    const record = await store.models.byName(model);
    if (!record)
      throw new ReportsNotFound(
        `the store ${uri} does not know a model "${model}": "semievol models RUN" names those of a run`,
      );
    const rows = await storedRowsOf(store, model);
    return {
      model: record,
      descent: await descentOf(store, record),
      rows: 'lacking' in rows ? rows : await explained(store, rows, { after, count }),
    };
  } finally {
    store.close();
  }
}

async function descentOf(store: Store, { name, base }: ModelRecord): Promise<Ancestor[]> {
  const descent: Ancestor[] = [];
  for (let [of, from] = [name, base]; from !== of; ) {
    const found = await store.models.byName(from);
    if (!found) return [...descent, { name: from }];
    const { run, round, role } = found;
    descent.push({ name: from, run, round, role });
    [of, from] = [from, found.base];
  }
  return descent;
}

async function explained(
  store: Store,
  rows: StoredRows,
  { after, count }: { after: string | undefined; count: number },
): Promise<ExplainedRows> {
  const { run, dataset } = rows.ref;
  const sources = {
    spec: (await store.specs.find(run))!,
    ...{ dataset: store.dataset(dataset), tables: await store.run(run, dataset) },
  };
  const found: ExplainedRow[] = [];
  for await (const row of rowsAfter(sources, rows, after)) {
    found.push(row);
    // One more than is wanted tells whether there is another page.
    if (found.length > count) break;
  }
  const shown = found.slice(0, count);
  return {
    labelledTimes: rows.times,
    page: shown,
    next: found.length > count ? shown.at(-1)!.place : null,
  };
}

/** The parts of a training file, as an explanation goes through them. */
const PARTS = ['selected', 'earlier', 'labelled'] as const;

async function* rowsAfter(
  sources: Sources,
  rows: StoredRows,
  after = `${PARTS[0]}/-1`,
): AsyncGenerator<ExplainedRow> {
  const [first, place] = after.split('/') as [(typeof PARTS)[number], string];
  const { round } = rows.ref;
  for (const part of PARTS.slice(PARTS.indexOf(first))) {
    const ordinal = part === first ? Number(place) : -1;
    if (part === 'labelled')
      for await (const example of labelledAfter(sources, rows, ordinal))
        yield { from: part, place: `${part}/${example.ordinal}`, example };
    else if (rows.from !== 'labelled') {
      const selected = part === 'selected' ? selectedAfter : earlierAfter;
      for await (const row of selected(sources, round, ordinal))
        yield await explainedRow(sources, row, `${part}/${row.ordinal}`);
    }
  }
}

async function* selectedAfter(
  { dataset, tables }: Sources,
  round: number,
  after: number,
): AsyncGenerator<SelectedRow> {
  const left = { from: after + 1, to: await dataset.count('unlabelled') };
  for (const range of rangesIn(left, STEP)) yield* await tables.selected(round, range);
}

/** Those that earlier rounds have selected; they come in an order of their own, always the same. */
async function* earlierAfter(
  sources: Sources,
  round: number,
  after: number,
): AsyncGenerator<SelectedRow> {
  let isPast = after < 0;
  for await (const batch of keptFromEarlier(sources, round))
    for (const row of batch) {
      if (isPast) yield row;
      isPast ||= row.ordinal === after;
    }
}

async function* labelledAfter(
  { dataset }: Sources,
  rows: StoredRows,
  after: number,
): AsyncGenerator<StoredExample> {
  const left = { from: after + 1, to: await dataset.count('labelled') };
  for (const range of rangesIn(left, STEP))
    for (const example of await dataset.range('labelled', range))
      if (isLearned(rows, example)) yield example;
}

async function explainedRow(
  { dataset, tables }: Sources,
  { round, ordinal, score, weight }: SelectedRow,
  place: string,
): Promise<ExplainedRow> {
  const range = { from: ordinal, to: ordinal + 1 };
  const [[example], [label], answers, justifications, near] = await Promise.all([
    dataset.at('unlabelled', [ordinal]),
    tables.pseudoLabels(round, range),
    tables.answers({ round, stage: 'collaborate', range }),
    tables.answers({ round, stage: 'justify', range }),
    tables.neighbours({ round, split: 'unlabelled', range }),
  ]);
  return {
    ...{ from: 'selected', place },
    ...{ example: example!, round, label: label!, score, weight },
    answers: [
      ...answers.map((answer) => given(answer, false)),
      ...justifications.map((answer) => given(answer, true)),
    ],
    neighbours: await neighboursIn(dataset, near.get(ordinal)),
  };
}

type Neighbouring = { labelled: number[]; similarities: number[] };

async function neighboursIn(dataset: Dataset, near?: Neighbouring): Promise<NeighbourRow[]> {
  if (!near) return [];
  const examples = await dataset.at('labelled', near.labelled);
  return examples.map((example, index) => ({ example, similarity: near.similarities[index]! }));
}

const given = (
  { collaborator, sample, endpoint, model, text, parsed, entropy, probability }: Answer,
  isJustification: boolean,
): GivenAnswer => ({
  ...{ collaborator, sample, endpoint, model, text, parsed, entropy, probability },
  isJustification,
});
