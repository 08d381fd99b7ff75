import type { AnswerStage } from '../../core/answer.ts';
import { mostRounds } from '../../core/living/rounds.ts';
import type { RoundReport } from '../../core/roundReport.ts';
import type { RunSpec } from '../../core/spec.ts';
import { MODEL_ROLES, type ModelRecord, type Split } from '../../core/types.ts';
import type { Store } from '../../store/store.ts';

const everything = { from: 0, to: 2 ** 31 - 1 };
const SPLITS: Split[] = ['labelled', 'unlabelled', 'test'];
const STAGES: AnswerStage[] = [
  'collaborate',
  'justify',
  'cross-fit',
  'cross-fit-justify',
  'held-out',
  'held-out-justify',
  ...MODEL_ROLES.map((role) => `evaluate-${role}` as const),
];

/** With which the id of a job ends: one that was cancelled at a limit is begun again under another. */
const ATTEMPT = /-\d+$/;

/** Everything a run leaves behind: the rows of each table by their keys, as JSON. */
export type Tables = Record<string, Map<string, string>>;

/**
 * Reads the final tables of a run, without what differs between two runs of equal results: times,
 * attempts, what was spent, as what a cache still held, how requests were sent, and keys of jobs, which
 * tell the store.
 */
export async function readTables(
  store: Store,
  dataset: string,
  spec: RunSpec,
  reports: RoundReport[],
): Promise<Tables> {
  const data = store.dataset(dataset);
  const run = await store.run(spec.name, dataset);
  const tables: Tables = {};
  const add = (table: string, key: unknown[], row: unknown) => {
    tables[table] ??= new Map();
    tables[table].set(key.join('/'), JSON.stringify(row));
  };
  for (const split of SPLITS) {
    for (const row of await data.range(split, everything)) add('examples', [split, row.id], row);
    const vectors = await data.vectors(spec.embedding.name, split, everything);
    for (const [ordinal, vector] of vectors) add('vectors', [split, ordinal], [...vector]);
  }
  for (let round = 1; round <= mostRounds(spec)!; round++) {
    for (const split of SPLITS)
      for (const row of (await run.neighbours({ round, split, range: everything })).values())
        add('neighbours', [round, split, row.exampleId], row);
    for (const { cachedTokens: _, transport: __, ...row } of await answersOf(
      store,
      spec,
      dataset,
      round,
    ))
      add('answers', [round, row.stage, row.exampleId, row.collaborator, row.sample], row);
    for (const row of await run.pseudoLabels(round, everything))
      add('pseudo_labels', [round, row.exampleId], row);
    for await (const batch of run.scanSelected(round))
      for (const row of batch) add('selected', [round, row.exampleId], row);
    for (const row of await run.evaluations(round)) add('evaluations', [round, row.role], row);
  }
  const models = await store.models.list({ run: spec.name });
  for (const { createdAt: _, jobKey: __, jobId, ...row } of models)
    add('models', [row.name], { ...row, jobId: jobId.replace(ATTEMPT, '') });
  for (const { seconds: _, usage: __, bill: ___, ...report } of reports)
    add('reports', [report.round], report);
  return renamed(tables, models);
}

/** The same with models that are named after the keys of their jobs called by what they are. */
function renamed(tables: Tables, models: readonly ModelRecord[]): Tables {
  const names = models.flatMap(({ name, jobKey, round, role }): [string, string][] =>
    jobKey.split('/').at(-1)!.startsWith(name.slice(-HASH)) ? [[name, `${role} of ${round}`]] : [],
  );
  if (names.length === 0) return tables;
  const plain = (text: string) => names.reduce((now, [name, as]) => now.replaceAll(name, as), text);
  return Object.fromEntries(
    Object.entries(tables).map(([table, rows]) => [
      table,
      new Map([...rows].map(([key, row]) => [plain(key), plain(row)])),
    ]),
  );
}

/** Digits of its key with which a model's name ends. */
const HASH = 12;

/** All answers of a round. */
export async function answersOf(store: Store, spec: RunSpec, dataset: string, round: number) {
  const run = await store.run(spec.name, dataset);
  const stages = STAGES.map((stage) => run.answers({ round, stage, range: everything }));
  return (await Promise.all(stages)).flat();
}

export interface Comparison {
  identical: boolean;
  /** Rows of the first that the second has not. */
  lost: number;
  /** What differs, e.g. `answers 1/justify/…: lost`. */
  differences: string[];
}

/** Compares the tables of an undisturbed run with those of another. */
export function compare(undisturbed: Tables, other: Tables): Comparison {
  const differences: string[] = [];
  let lost = 0;
  for (const table of new Set([...Object.keys(undisturbed), ...Object.keys(other)])) {
    const [wanted, found] = [undisturbed, other].map((one) => one[table] ?? new Map());
    for (const [key, row] of wanted!) {
      if (!found!.has(key)) lost++;
      if (!found!.has(key)) differences.push(`${table} ${key}: lost`);
      else if (found!.get(key) !== row)
        differences.push(`${table} ${key}: ${found!.get(key)} instead of ${row}`);
    }
    for (const key of found!.keys())
      if (!wanted!.has(key)) differences.push(`${table} ${key}: not in the undisturbed run`);
  }
  return { identical: differences.length === 0, lost, differences };
}
