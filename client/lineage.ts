import type { Config } from '../config/config.ts';
import { learnedFromStruck, NO_STRUCK_ROWS } from '../core/lineage/struck.ts';
import { type Lineage, lineageOf, type Training } from '../core/lineage/tree.ts';
import type { ModelRecord } from '../core/types.ts';
import { billed } from '../providers/pricing.ts';
import { type RunTables, trainingSpendKey } from '../store/run.ts';
import { connectStore, type Store } from '../store/store.ts';
import { OTHER_STORE, ReportsNotFound } from './errors.ts';
import { struckRowsOf } from './struckRows.ts';

/** What is wanted of a lineage. */
export interface LineageOptions {
  /** Whether models are to say what they have learned from rows that are struck out by now. */
  struck?: boolean;
}

/**
 * Reads which models a run has made, of what, and which of them were its champions.
 * @param dataset the run's data set
 * @throws ReportsNotFound where the store does not hold the run; StoreError
 */
export async function readLineage(
  { store: { uri, options }, endpoints }: Pick<Config, 'store' | 'endpoints'>,
  { run, dataset }: { run: string; dataset: string },
  { struck = false }: LineageOptions = {},
): Promise<Lineage> {
  const store = connectStore({ uri, storageOptions: options });
  try {
    const spec = await store.specs.find(run);
    if (!spec)
      throw new ReportsNotFound(`the store ${uri} does not hold run "${run}": ${OTHER_STORE}`);
    const tables = await store.run(run, dataset);
    const [reports, promotions, evaluations, own] = await Promise.all([
      tables.reports(),
      tables.promotions(),
      tables.evaluations(),
      store.models.list({ run }),
    ]);
    const named = [
      ...reports.flatMap(({ models }) => Object.values(models)),
      ...promotions.map(({ model }) => model),
    ];
    const records = [...own, ...(await foreign(store, named, own, spec.model.name))];
    const pricesOf = (endpoint: string) => endpoints[endpoint]?.prices ?? {};
    const lineage = lineageOf({
      ...{ run, base: spec.model, reports, promotions, evaluations, records },
      spentOn: await spending(store, tables, records, pricesOf),
    });
    return struck ? await withStruck(store, dataset, lineage) : lineage;
  } finally {
    store.close();
  }
}

/** With what its models have to do with rows that are struck out by now. */
async function withStruck(store: Store, dataset: string, lineage: Lineage): Promise<Lineage> {
  const { models } = lineage;
  const names = models.map(({ name }) => name);
  const rows = await struckRowsOf(store, store.dataset(dataset), names);
  const learned = learnedFromStruck(models, (name) => rows.get(name) ?? NO_STRUCK_ROWS);
  return {
    ...lineage,
    models: models.map((model) => {
      const struck = learned.get(model.name);
      return struck ? { ...model, struck } : model;
    }),
  };
}

/** Models of the run that another run has made: one of the same scope, or whose model was chosen. */
async function foreign(
  store: Store,
  named: readonly string[],
  own: readonly ModelRecord[],
  base: string,
): Promise<ModelRecord[]> {
  const known = new Set([base, ...own.map(({ name }) => name)]);
  const others = [...new Set(named)].filter((name) => !known.has(name));
  const found = await Promise.all(others.map((name) => store.models.byName(name)));
  return found.filter((record) => record !== undefined);
}

/** What each training has taken, as far as the run has paid for it. */
async function spending(
  store: Store,
  tables: RunTables,
  records: readonly ModelRecord[],
  pricesOf: Parameters<typeof billed>[1],
): Promise<(record: ModelRecord) => Pick<Training, 'tokens' | 'cost'> | undefined> {
  const spent = await tables.spendUnder(records.map(({ jobKey }) => trainingSpendKey(jobKey)));
  const byKey = new Map(spent.map((record) => [record.key, record]));
  const roots = new Map<string, string>();
  for (const { endpoint, model } of spent)
    if (!roots.has(model)) roots.set(model, await store.models.rootOf({ endpoint, model }));
  return ({ jobKey }) => {
    const record = byKey.get(trainingSpendKey(jobKey));
    if (!record) return undefined;
    const { usage, ...of } = record;
    const root = roots.get(of.model)!;
    const { bill } = billed([{ ...of, ...usage, root }], pricesOf);
    return { tokens: usage.unmetered > 0 ? null : usage.trainedTokens, cost: bill.cost };
  };
}
