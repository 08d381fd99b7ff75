import { after, before } from 'mocha';
import { defineConfig } from '../../../config/config.ts';
import { startProvider } from '../../../testing/provider.ts';
import type { fineTune } from '../../../workflows/index.ts';
import { Bench } from '../../support/stack.ts';
import type { StandIn } from '../../support/standIn.ts';
import { useTemporal } from '../../support/suite.ts';
import { KEY_ENV } from '../../support/training.ts';
import { type FineTuneHandle, fineTuneInput, writeTrainingFile } from '../support.ts';

/** A stand-in for a provider that trains, as far as all of them are alike. */
export interface HostedProvider extends StandIn {
  baseURL: string;
  jobs: {
    all(): { id: string; status: string }[];
    get(id: string): { id: string; status: string };
    finish(id: string, status: string): void;
    remove(id: string): void;
  };
  script: string[];
  onChat: (name: string) => void;
}

/** What an endpoint at one needs. */
export interface Place {
  base: string;
  key: string;
  trainer: { type: string } & Record<string, unknown>;
}

/** A provider of its own for the suite, and a worker whose endpoint `local` trains there. */
export function useHosted<P extends HostedProvider>(
  open: () => Promise<P>,
  { base, key, trainer }: Place,
) {
  const temporal = useTemporal();
  const closing: (() => Promise<unknown>)[] = [];
  let provider: P;
  let bench: Bench;
  before(async () => {
    process.env[KEY_ENV] = key;
    provider = await open();
    closing.push(() => provider.close());
    // Embeds for runs whose models are tuned elsewhere.
    bench = await Bench.open(temporal, await startProvider());
    closing.push(() => bench.close());
    const timing = { pollSeconds: 0.05, finalAfterSeconds: 0.3 };
    const local = { baseURL: provider.baseURL, apiKeyEnv: KEY_ENV, trainer, ...timing };
    const helper = { baseURL: bench.provider.baseURL };
    const config = defineConfig({ ...bench.config, endpoints: { local, helper } });
    Object.assign(bench.config, config);
    await bench.startWorker();
  });
  after(async () => {
    for (const close of closing.reverse()) await close();
    delete process.env[KEY_ENV];
  });

  return {
    get provider(): P {
      return provider;
    },
    get bench(): Bench {
      return bench;
    },
    /** Starts a fine-tune by itself, whose job is of this name alone. */
    async start(name: string): Promise<FineTuneHandle> {
      const input = fineTuneInput(name, await writeTrainingFile(bench, name));
      return temporal.client.workflow.start<typeof fineTune>('fineTune', {
        workflowId: `${trainer.type}-${name}`,
        taskQueue: bench.config.temporal.taskQueue,
        args: [{ ...input, model: base, suffix: name }],
      });
    },
    /** The jobs for `name`, however it is marked. */
    jobsFor(name: string): { id: string; status: string }[] {
      return provider.jobs.all().filter((job) => JSON.stringify(job).includes(`"${name}-`));
    },
    /** The one job for `name`, as soon as there is one. */
    async jobFor(name: string): Promise<{ id: string; status: string }> {
      await provider.until(() => this.jobsFor(name).length > 0);
      return this.jobsFor(name)[0]!;
    },
  };
}
