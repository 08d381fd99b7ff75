import type { OpenAI } from 'openai';
import type { TrainingSpec } from '../core/spec.ts';
import { tells } from './remoteJobs.ts';
import type { TrainingOrder } from './trainer.ts';

/** A fine-tuning job as OpenAI and its imitations show it, with what some of them echo. */
export type ProviderJob = OpenAI.FineTuning.FineTuningJob & {
  suffix?: string | null;
  user_provided_suffix?: string | null;
};

/** Where the key stands in a job's metadata. */
export const KEY = 'semievol_key';

/** The wire's names for what a training is asked for. */
const HYPERPARAMETERS = {
  epochs: 'n_epochs',
  batchSize: 'batch_size',
  learningRateMultiplier: 'learning_rate_multiplier',
} satisfies Record<keyof TrainingSpec, keyof OpenAI.FineTuning.SupervisedHyperparameters>;

const hyperparametersOf = ({ request }: TrainingOrder) =>
  Object.entries(HYPERPARAMETERS).map(
    ([ours, theirs]) => [theirs, request.training[ours as keyof TrainingSpec]] as const,
  );

/** The body that asks for a job. What is left out of a training is the provider's choice. */
export function jobBody(order: TrainingOrder): OpenAI.FineTuning.JobCreateParams {
  const { request, key, name, fileId } = order;
  const asked = hyperparametersOf(order).map(([theirs, value]) => [theirs, value ?? 'auto']);
  return {
    model: request.model,
    training_file: fileId,
    suffix: name,
    seed: request.seed,
    metadata: { [KEY]: key },
    method: { type: 'supervised', supervised: { hyperparameters: Object.fromEntries(asked) } },
  };
}

/**
 * Whether what a provider tells of a job shows that it is the one asked for. Where it keeps no
 * metadata, the suffix tells, which is of one key; else the file, which serves one work, together
 * with all that is echoed of the rest.
 */
export function isOf(job: ProviderJob, order: TrainingOrder): boolean {
  const key = job.metadata?.[KEY];
  if (key) return key === order.key;
  const suffix = job.user_provided_suffix ?? job.suffix;
  if (suffix) return tells(suffix, order.name);
  const { request, fileId } = order;
  const echoed: Record<string, unknown> = {
    ...job.hyperparameters,
    ...job.method?.supervised?.hyperparameters,
  };
  return (
    job.training_file === fileId &&
    isSameModel(job.model, request.model) &&
    agrees(job.seed, request.seed) &&
    hyperparametersOf(order).every(([theirs, value]) => agrees(echoed[theirs], value))
  );
}

/** What is not echoed, or was left to the provider, says nothing. */
const agrees = (echoed: unknown, asked: number | undefined) =>
  asked === undefined || typeof echoed !== 'number' || echoed === asked;

/** A model's name may be echoed with its version. */
const isSameModel = (echoed: string | undefined, asked: string) =>
  !echoed || echoed.includes(asked) || asked.includes(echoed);
