import { mkdir, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { Config } from '../config/config.ts';
import { messagesOf } from '../core/errors.ts';
import { Registry } from '../core/registry.ts';
import {
  type ExportedRows,
  type ExportedWeights,
  modelCard,
  PARTS,
} from '../core/report/modelCard.ts';
import type { ModelRecord, StoredExample } from '../core/types.ts';
import { linesOfRows, trainingRows, writeLines } from '../data/trainingRows.ts';
import { Endpoint } from '../providers/endpoint.ts';
import type { WeightForm } from '../providers/trainer.ts';
import { Trainers } from '../providers/trainers/index.ts';
import type { RunTables } from '../store/run.ts';
import { connectStore, type Store } from '../store/store.ts';
import { placeOf, type Struck } from '../store/struck.ts';
import { ExportFailed } from './errors.ts';
import { storedRowsOf } from './storedRows.ts';

/** What of a run is exported, and whereto. */
export interface ExportOptions {
  /** Folder that is made; it must not exist, or be empty. */
  to: string;
  /** Name of the model; the champion of the run when left out. */
  model?: string;
  /** Leaves out the merged weights, which are as large as the base model. */
  withoutMerged?: boolean;
  signal?: AbortSignal;
}

/** What came of an export. */
export interface Exported {
  model: string;
  /** Its folder. */
  to: string;
  /** What it holds of the adapter, of the merged weights, and of the training file; or why it does not. */
  adapter: ExportedWeights;
  merged: ExportedWeights;
  rows: ExportedRows;
}

/**
 * Writes a model of a run into a folder, so that it can be used without SemiEvol: weights, as far as
 * who has trained it gives them out, its training file, and a card that says what it is.
 * @param dataset the present version of the run's data set
 * @throws ExportFailed, and nothing is left in the folder; StoreError
 */
export async function exportModel(
  config: Config,
  { run, dataset }: { run: string; dataset: string },
  { to, model: named, withoutMerged, signal }: ExportOptions,
): Promise<Exported> {
  const folder = resolve(to);
  await assertFree(folder);
  const { uri, options } = config.store;
  const store = connectStore({ uri, storageOptions: options });
  const partial = `${folder}.partial`;
  try {
    const model = await modelOf(store, { run, dataset, named });
    const registry = new Registry(config.extensions);
    const spec = registry.runSpec.parse(await store.specs.find(model.run));
    await rm(partial, { recursive: true, force: true });
    await mkdir(partial, { recursive: true });
    const place = { model, dataset, file: join(partial, PARTS.rows) };
    const rows = await writeRows(store, registry, place);
    const take = (form: WeightForm) =>
      writeWeights(config, model, { form, folder: join(partial, PARTS[form]), signal });
    const adapter = await take('adapter');
    const merged: ExportedWeights = withoutMerged
      ? { lacking: 'they were not wanted' }
      : await take('merged');
    const reports = await (await store.run(model.run, model.dataset)).reports();
    const report = reports.find(({ round }) => round === model.round);
    const root = await store.models.rootOf({ endpoint: model.endpoint, model: model.base });
    const card = modelCard({ model, root, spec, ...(report && { report }), adapter, merged, rows });
    await writeFile(join(partial, 'README.md'), card);
    await rm(folder, { recursive: true, force: true }); // empty, as was made sure of
    await rename(partial, folder);
    return { model: model.name, to: folder, adapter, merged, rows };
  } finally {
    await rm(partial, { recursive: true, force: true });
    store.close();
  }
}

const OF_INPUT = { isOfInput: true };

/** @throws ExportFailed where something that is there would be lost */
async function assertFree(folder: string): Promise<void> {
  const found = await readdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    throw new ExportFailed(
      `${folder} cannot be made (${error.code}): name another folder`,
      OF_INPUT,
    );
  });
  if (found.length > 0)
    throw new ExportFailed(
      `${folder} is not empty: name another folder, or one that is to be made`,
      OF_INPUT,
    );
}

/** The model that is named, or the champion. */
async function modelOf(
  store: Store,
  { run, dataset, named }: { run: string; dataset: string; named: string | undefined },
): Promise<ModelRecord> {
  const wanted = named ?? (await championOf(await store.run(run, dataset)));
  if (wanted === undefined)
    throw new ExportFailed(`run "${run}" has not begun yet: it has no champion`, OF_INPUT);
  const model = await store.models.byName(wanted);
  if (model) return model;
  const others = (await store.models.list({ run })).map(({ name }) => name);
  const hint =
    others.length > 0 ? `; by --model can be named ${others.join(', ')}` : ', and it has made none';
  throw new ExportFailed(
    named === undefined
      ? `the champion of run "${run}" is ${wanted}, which it has not made${hint}`
      : `no run has made a model "${wanted}"${hint}`,
    OF_INPUT,
  );
}

/** Undefined before the run has begun. */
async function championOf(tables: RunTables): Promise<string | undefined> {
  return (await tables.promotions()).at(-1)?.model;
}

/** Without what has been withdrawn since: it is not to be handed on. */
async function writeRows(
  store: Store,
  registry: Registry,
  { model, dataset: latest, file }: { model: ModelRecord; dataset: string; file: string },
): Promise<ExportedRows> {
  const rows = await storedRowsOf(store, model.name);
  if ('lacking' in rows) return rows;
  const { run, dataset } = rows.ref;
  const stored = await store.specs.find(run);
  if (!stored) return { lacking: `the store has no spec of run "${run}"` };
  const spec = registry.runSpec.parse(stored);
  const sources = {
    ...{ spec, task: registry.task(spec.task) },
    ...{ dataset: store.dataset(dataset), tables: await store.run(run, dataset) },
  };
  const gone = await withdrawn(store, latest);
  const left = new Set<string>();
  const isLeftOut = (example: StoredExample) => {
    const isGone = gone.has(placeOf(example));
    if (isGone) left.add(placeOf(example));
    return isGone;
  };
  const lines = linesOfRows(trainingRows(sources, rows, isLeftOut));
  const { count, sha256 } = await writeLines(file, lines);
  return { rows: count, isSame: sha256 === model.trainingFileSha256, withdrawn: left.size };
}

/** The places of what was withdrawn of a data set, as of a version. */
async function withdrawn(store: Store, dataset: string): Promise<Set<string>> {
  const struck = await store.dataset(dataset).allStruck();
  const isWithdrawn = ({ reason }: Struck) => reason === 'withdrawn' || reason === 'segment';
  return new Set(struck.filter(isWithdrawn).map(placeOf));
}

async function writeWeights(
  config: Config,
  model: ModelRecord,
  { form, folder, signal }: { form: WeightForm; folder: string; signal?: AbortSignal | undefined },
): Promise<ExportedWeights> {
  const settings = config.endpoints[model.endpoint];
  if (!settings)
    return { lacking: `the configuration has no endpoint "${model.endpoint}", which trained it` };
  const trainer = new Trainers(config.extensions.trainers).of(
    new Endpoint(model.endpoint, settings),
  );
  if (!trainer.weights)
    return { lacking: `a trainer of type "${settings.trainer.type}" gives none out` };
  await mkdir(folder);
  try {
    const weights = await trainer.weights({ model, form }, folder, signal);
    if ('lacking' in weights) await rm(folder, { recursive: true });
    return weights;
  } catch (error) {
    throw new ExportFailed(messagesOf(error)[0]!, { cause: error });
  }
}
