import { activityInfo } from '@temporalio/activity';
import type { TrainingRows } from '../core/trainingRows.ts';
import type { EndpointConfig } from '../providers/config.ts';
import { type Keyed, keyed } from '../providers/remoteJobs.ts';
import type { TrainingOrder, TrainingRequest } from '../providers/trainer.ts';
import type { Store } from '../store/store.ts';

/** A model as a workflow asks for it; the activity knows for whom, and by which trainer. */
export interface ModelOrder
  extends Omit<TrainingRequest, 'namespace' | 'store' | 'trainer' | 'sha256'> {
  rows: TrainingRows;
  /** The scope in which the same model is trained once, whichever run asks for it. */
  share?: string | undefined;
}

/** The same once its training file is uploaded. */
export interface UploadedOrder extends ModelOrder {
  fileId: string;
  /** Of the file of these rows, in hexadecimal digits. */
  sha256: string;
}

/** What an order is carried out with. */
export interface Surroundings {
  store: Store;
  /** What of the configuration of the endpoint that trains makes the model. */
  config: Pick<EndpointConfig, 'trainer'>;
}

/**
 * The request that stands for an order, also when it is repeated. All that an order holds is in it,
 * but for where its rows are: they are known by their content. What is shared is made for the scope,
 * not for the run that comes first.
 */
export async function requestOf(
  { store, config: { trainer } }: Surroundings,
  { rows: _, share, lineage: own, ...asked }: ModelOrder,
  sha256: string,
): Promise<Keyed<TrainingRequest>> {
  const { namespace } = activityInfo();
  const owner = { namespace, store: await store.identity() };
  const lineage = share === undefined ? own : { ...own, run: share, dataset: share };
  const request: TrainingRequest = { ...asked, lineage, ...owner, sha256, trainer };
  const { run, round, role } = request.lineage;
  return keyed(request, { path: [run, round, role], label: request.suffix });
}

/** The order as its endpoint's trainer takes it. */
export async function trainingOrder(
  surroundings: Surroundings,
  { fileId, sha256, ...order }: UploadedOrder,
): Promise<TrainingOrder> {
  return { ...(await requestOf(surroundings, order, sha256)), fileId };
}
