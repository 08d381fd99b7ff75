import type { IngestReport } from '../../../core/ingestReport.ts';
import type { RoundReport } from '../../../core/roundReport.ts';
import type { RunSpec } from '../../../core/spec.ts';
import type { Dataset } from '../../../store/dataset.ts';
import type { DatasetInfo } from '../../../store/datasets.ts';
import type { Store } from '../../../store/store.ts';
import { readTables, type Tables } from '../tables.ts';
import type { Ledger } from './ledger.ts';

const everything = { from: 0, to: 2 ** 31 - 1 };

/**
 * Everything that a run leaves behind that has lived: beside the tables of its rounds the versions of its
 * data set, what is struck out, its champions, what was ranked for people and what they said.
 * @param folder where the files lay that came into it
 */
export async function livingTables(
  store: Store,
  dataset: string,
  spec: RunSpec,
  reports: RoundReport[],
  folder: string,
): Promise<Tables> {
  const tables = await readTables(store, dataset, spec, reports);
  const add = (table: string, key: unknown[], row: unknown) => {
    tables[table] ??= new Map();
    tables[table].set(key.join('/'), JSON.stringify(row).replaceAll(folder, ''));
  };
  const versions = await store.datasets.history(dataset);
  const news = toldOnce();
  for (const { createdAt: _, table: __, report, ...version } of versions)
    add('versions', [version.segment], { ...version, report: news(report) });
  for (const row of await store.dataset(dataset).allStruck())
    add('struck', [row.split, row.ordinal], row);
  const run = await store.run(spec.name, dataset);
  for (const { at: _, ...row } of await run.promotions()) add('promotions', [row.number], row);
  const reviews = store.reviews(spec.name);
  for (const ranking of await reviews.rankings()) add('rankings', [ranking.round], ranking);
  const said = await reviews.read();
  for (const [index, { id: _, at: __, ...row }] of said.entries()) add('reviews', [index + 1], row);
  for (const table of ['models', 'reports', 'versions', 'rankings'])
    tables[table] = numbered(tables[table] ?? new Map(), versions);
  return tables;
}

/**
 * Leaves out of reports what versions before have told of. A watched file is handed over at least once:
 * again where its taker was killed before it had noted that it was taken. It brings nothing then.
 */
function toldOnce() {
  const told = new Set<string>();
  const isNews = (name: string) => !told.has(name) && Boolean(told.add(name));
  return ({ files, withdrawals = [], ...report }: IngestReport) => ({
    ...report,
    files: files.filter(({ file }) => isNews(file)),
    withdrawals: withdrawals.filter(({ of }) => isNews(of)),
  });
}

/** The same with versions of the data set called by their numbers: their names tell of repetitions, too. */
function numbered(rows: Map<string, string>, versions: readonly DatasetInfo[]) {
  const plain = (text: string) =>
    versions.reduce((now, { id, segment }) => now.replaceAll(id, `version ${segment}`), text);
  return new Map([...rows].map(([key, row]) => [key, plain(row)]));
}

/** Where a data set holds other examples than the ledger says. */
export async function rowsAgainst(ledger: Ledger, data: Dataset): Promise<string[]> {
  const found: string[] = [];
  for (const split of ['labelled', 'unlabelled', 'test'] as const) {
    const expected = ledger.of(split);
    const rows = await data.range(split, everything);
    for (const { question, answer } of rows) {
      if (!expected.has(question)) found.push(`${split} "${question}": should not be there`);
      else if (split !== 'unlabelled' && expected.get(question) !== answer)
        found.push(`${split} "${question}": ${answer} instead of ${expected.get(question)}`);
      expected.delete(question);
    }
    for (const question of expected.keys()) found.push(`${split} "${question}": lost`);
  }
  return found;
}
