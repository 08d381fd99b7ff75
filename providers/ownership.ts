import type { OpenAI } from 'openai';
import type { JobRequest } from './trainer.ts';

/** A job as OpenAI and its imitations show it, with what some of them echo. */
export type ProviderJob = OpenAI.FineTuning.FineTuningJob & {
  suffix?: string | null;
  user_provided_suffix?: string | null;
};

/** Where the key stands in a job's metadata. */
export const KEY = 'semievol_key';

/**
 * Whether what a provider tells of a job shows that it is the one asked for. Where it keeps no
 * metadata, the suffix tells, which is of one key; else the file, which serves one work, together
 * with all that is echoed of the rest.
 */
export function isOf(job: ProviderJob, request: JobRequest): boolean {
  const key = job.metadata?.[KEY];
  if (key) return key === request.key;
  const suffix = job.user_provided_suffix ?? job.suffix;
  if (suffix) return plain(suffix) === plain(request.suffix);
  const tuning = { ...job.hyperparameters, ...job.method?.supervised?.hyperparameters };
  return (
    job.training_file === request.fileId &&
    isSameModel(job.model, request.model) &&
    agrees(job.seed, request.seed) &&
    agrees(tuning.n_epochs, request.epochs) &&
    agrees(tuning.batch_size, request.batchSize) &&
    agrees(tuning.learning_rate_multiplier, request.learningRateMultiplier)
  );
}

/** What is not echoed, or was left to the provider, says nothing. */
const agrees = (echoed: unknown, asked: number | undefined) =>
  asked === undefined || typeof echoed !== 'number' || echoed === asked;

/** A model's name may be echoed with its version. */
const isSameModel = (echoed: string | undefined, asked: string) =>
  !echoed || echoed.includes(asked) || asked.includes(echoed);

/** Some put a suffix into another spelling. */
const plain = (text: string) => text.toLowerCase().replace(/[^a-z0-9]/g, '');
