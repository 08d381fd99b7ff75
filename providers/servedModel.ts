import { APIError } from 'openai';
import type { Endpoint } from './endpoint.ts';
import type { Job } from './remoteJobs.ts';
import { settled } from './settled.ts';
import type { TrainerEndpoint, TrainingOrder, TunedModel } from './trainer.ts';

/**
 * Whether a tuned model answers, found out by a probe: lists show a model before it does. All but
 * "no such model" is left to those who ask in earnest. Where the endpoint has no answer for the base
 * either, it serves no models, and nothing can be found out; without a base that is not asked.
 */
export async function isServed(
  endpoint: Endpoint,
  model: string,
  base?: string,
  signal?: AbortSignal,
): Promise<boolean> {
  const refusal = await refusalOf(endpoint, model, signal);
  if (!refusal || base === undefined) return !refusal;
  const isAboutIt = refusal.code === 'model_not_found' || refusal.message.includes(model);
  return !isAboutIt && (await refusalOf(endpoint, base, signal)) !== undefined;
}

/** A fine-tuning job as it is to be told of: it has succeeded only once its model answers. */
export async function onceServed(
  endpoint: Pick<TrainerEndpoint, 'serves'>,
  job: Job<TunedModel>,
  { request }: TrainingOrder,
  signal?: AbortSignal,
): Promise<Job<TunedModel>> {
  if (job.state !== 'succeeded' || !job.result) return job;
  if (await endpoint.serves(job.result.model, request.model, signal)) return job;
  return { ...job, state: 'pending', detail: `${job.detail}, but its model does not answer yet` };
}

/** That there is no such model, or nothing to ask; undefined where it may answer. */
async function refusalOf(
  endpoint: Endpoint,
  model: string,
  signal?: AbortSignal,
): Promise<APIError | undefined> {
  try {
    // Others may wait for the same probe: it goes on.
    await settled(endpoint.probeChat(model), signal);
    return undefined;
  } catch (error) {
    signal?.throwIfAborted();
    const isIt =
      error instanceof APIError && (error.status === 404 || error.code === 'model_not_found');
    return isIt ? error : undefined;
  }
}
