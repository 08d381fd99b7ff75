import { activityInfo } from '@temporalio/activity';
import { type Keyed, keyed } from '../providers/remoteJobs.ts';
import type { TrainingOrder, TrainingRequest } from '../providers/trainer.ts';
import type { Store } from '../store/store.ts';
import type { TrainingRows } from './trainingFile.ts';

/** A model as a workflow asks for it; which namespace and store it is for, the activity knows. */
export interface ModelOrder extends Omit<TrainingRequest, 'namespace' | 'store' | 'sha256'> {
  rows: TrainingRows;
}

/** The same once its training file is uploaded. */
export interface UploadedOrder extends ModelOrder {
  fileId: string;
  /** Of the file of these rows, in hexadecimal digits. */
  sha256: string;
}

/**
 * The request that stands for an order, also when it is repeated. All that an order holds is in it,
 * but for where its rows are: they are known by their content.
 */
export async function requestOf(
  store: Store,
  { rows: _, ...asked }: ModelOrder,
  sha256: string,
): Promise<Keyed<TrainingRequest>> {
  const { namespace } = activityInfo();
  const request: TrainingRequest = { ...asked, sha256, namespace, store: await store.identity() };
  const { run, round, role } = request.lineage;
  return keyed(request, { path: [run, round, role], label: request.suffix });
}

/** The order as its endpoint's trainer takes it. */
export async function trainingOrder(
  store: Store,
  { fileId, sha256, ...order }: UploadedOrder,
): Promise<TrainingOrder> {
  return { ...(await requestOf(store, order, sha256)), fileId };
}
