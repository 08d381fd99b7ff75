import { createHash } from 'node:crypto';
import { activityInfo } from '@temporalio/activity';
import type { TrainingSpec } from '../core/spec.ts';
import type { ModelRecord } from '../core/types.ts';
import type { JobRequest } from '../providers/trainer.ts';
import type { Store } from '../store/store.ts';
import type { TrainingRows } from './trainingFile.ts';

/** The shortest suffix that providers take (Together) has so many characters. */
const SUFFIX = 40;

/** Where a model belongs in the lineage. */
export type Lineage = Pick<ModelRecord, 'run' | 'round' | 'role' | 'dataset'>;

/** A fine-tuning job as a workflow asks for it. */
export interface JobOrder {
  lineage: Lineage;
  /** The model to start from. */
  model: string;
  rows: TrainingRows;
  fileId: string;
  /** Of the file of these rows, in hexadecimal digits. */
  sha256: string;
  training: TrainingSpec;
  seed: number;
  /** Part of the tuned model's name. */
  suffix: string;
}

/**
 * The request that stands for an order, also when it is repeated. Its key follows from all that
 * makes the model, and from whose it is: runs of one name in two namespaces or two stores may share
 * an account.
 */
export async function requestOf(store: Store, order: JobOrder): Promise<JobRequest> {
  const { lineage, model, fileId, sha256, training, seed } = order;
  const settings = Object.entries(training).sort(([a], [b]) => (a < b ? -1 : 1));
  const mark = digest(await workOf(store, lineage), sha256, model, settings, seed);
  const ending = `-${mark.slice(0, 8)}`;
  return {
    ...training,
    ...{ model, fileId, seed },
    key: [lineage.run, lineage.round, lineage.role, mark].join('/'),
    suffix: `${order.suffix.slice(0, SUFFIX - ending.length)}${ending}`,
  };
}

/** The name for a training file of this content, which tells it from those of all other work. */
export async function fileNameOf(store: Store, lineage: Lineage, sha256: string): Promise<string> {
  const mark = digest(await workOf(store, lineage));
  return `semievol-${sha256.slice(0, 32)}-${mark.slice(0, 8)}.jsonl`;
}

/** Names a piece of work, of all that use one provider. */
async function workOf(store: Store, { run, round, role }: Lineage): Promise<unknown[]> {
  return [activityInfo().namespace, await store.identity(), run, round, role];
}

/** 16 hexadecimal digits. */
const digest = (...parts: unknown[]): string =>
  createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, 16);
