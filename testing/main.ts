import { Command, InvalidArgumentError, Option } from 'commander';
import { BATCH_SCRIPTS } from './batches.ts';
import { faultsByRate } from './faultsByRate.ts';
import { JOB_SCRIPTS } from './jobs.ts';
import { startProvider } from './provider.ts';
import { QUIRK_NAMES, type QuirkName } from './quirks/index.ts';

/** The stand-in as a process of its own: prints its base URL and runs until it is killed. */

interface Options {
  port: number;
  model?: string[];
  n: boolean;
  logprobs: boolean;
  seed: number;
  latencyMs: number;
  inFlight?: number;
  requestsPerSecond?: number;
  tokensPerMinute?: number;
  jobScript: keyof typeof JOB_SCRIPTS;
  holdJobs: boolean;
  batchScript: keyof typeof BATCH_SCRIPTS;
  faultRate: number;
  faultSeed: number;
  quirk: QuirkName[];
  state?: string;
}

const number = (text: string): number => {
  const value = Number(text);
  if (text.trim() === '' || !Number.isFinite(value) || value < 0)
    throw new InvalidArgumentError('Give a number from 0 on.');
  return value;
};

const {
  port,
  model: models,
  n: supportsN,
  logprobs,
  seed,
  latencyMs,
  jobScript,
  holdJobs,
  batchScript,
  faultRate,
  faultSeed,
  quirk: quirks,
  state,
  ...limits
}: Options = new Command('provider')
  .description('A stand-in for a provider of the wire of OpenAI.')
  .option('--port <number>', 'any free one for 0', number, 0)
  .option('--model <name...>', 'base models; those of the defaults of specs when left out')
  .option('--no-n', 'one sample a request')
  .option('--no-logprobs', 'no log-probabilities')
  .option('--seed <number>', 'what the answers follow from, beside the requests', number, 0)
  .option('--latency-ms <ms>', 'of chat and embedding requests', number, 0)
  .option('--in-flight <number>', 'most requests at the same time', number)
  .option('--requests-per-second <number>', 'most requests a second', number)
  .option('--tokens-per-minute <number>', 'most tokens a minute', number)
  .addOption(
    new Option('--job-script <name>', 'what becomes of fine-tuning jobs')
      .choices(Object.keys(JOB_SCRIPTS))
      .default('succeeds'),
  )
  .option('--hold-jobs', 'jobs do not end before POST /__jobs/release', false)
  .addOption(
    new Option('--batch-script <name>', 'what becomes of batches')
      .choices(Object.keys(BATCH_SCRIPTS))
      .default('succeeds'),
  )
  .option('--fault-rate <share>', 'share of requests that go wrong, 0 to 1', number, 0)
  .option('--fault-seed <number>', 'which ones', number, 0)
  .addOption(
    new Option('--quirk <name...>', 'what it does otherwise than the wire has it')
      .choices(QUIRK_NAMES)
      .default([]),
  )
  .option('--state <folder>', 'keeps everything there, over restarts')
  .parse()
  .opts();
const { baseURL } = await startProvider({
  ...{ port, ...(models && { models }), supportsN, logprobs },
  ...{ seed, latencyMs, limits, answers: { jobs: jobScript }, holdJobs, state, quirks },
  batchScript: BATCH_SCRIPTS[batchScript],
  faults: faultRate > 0 ? faultsByRate({ rate: faultRate, seed: faultSeed }) : undefined,
});
console.log(baseURL);
