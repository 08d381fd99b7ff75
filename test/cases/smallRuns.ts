import { appendFile } from 'node:fs/promises';
import { WorkflowFailedError } from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import pLimit from 'p-limit';
import type { RoundReport } from '../../core/roundReport.ts';
import type { Progress } from '../../core/status.ts';
import { goldAnswer } from '../../testing/model.ts';
import { type Provider, type ProviderOptions, startProvider } from '../../testing/provider.ts';
import type { QuirkName } from '../../testing/quirks/index.ts';
import { LABELS } from '../../testing/task.ts';
import { Bench, writeTask } from '../support/stack.ts';

const SIZES = { labelled: 45, unlabelled: 20, test: 12 };
/** One that takes longer will not end: it is given up, so that others can begin. */
const MOST_MS = 180_000;
const PARTS = ['', '/round-1', '/round-1/propagate', '/round-1/evaluate'];

export interface Circumstances {
  quirks?: QuirkName[];
  provider?: ProviderOptions;
  /** Of the endpoint's configuration. */
  endpoint?: object;
  /** Of the run's spec. */
  spec?: object;
  /** Questions to add to a split each. */
  extra?: Partial<Record<keyof typeof SIZES, string>>;
  /** What happens while it runs. */
  meanwhile?(run: RunUnderWay): Promise<void>;
}

export interface RunUnderWay {
  provider: Provider;
  /** Waits until one of its activities says so of itself. */
  untilSaid(words: RegExp): Promise<void>;
}

/** What a small run came to. */
export interface Result {
  /** Where it ended well. */
  report?: RoundReport;
  /** Why it did not. */
  failure?: { type: string; message: string };
  /** Closed by now: its journal and its jobs are left. */
  provider: Provider;
}

/**
 * Small runs on one Temporal server, one after another or at the same time, each with a provider, a
 * store and a worker of its own. Their results do not depend on their names.
 */
export class SmallRuns {
  /** More at a time would not be quicker. */
  readonly #limit = pLimit(3);
  #begun = 0;
  readonly #temporal: TestWorkflowEnvironment;

  constructor(temporal: TestWorkflowEnvironment) {
    this.#temporal = temporal;
  }

  run(circumstances: Circumstances = {}): Promise<Result> {
    return this.#limit(() => this.#run(circumstances));
  }

  async #run(circumstances: Circumstances): Promise<Result> {
    const { quirks, endpoint, extra = {}, meanwhile } = circumstances;
    const provider = await startProvider({ quirks, ...circumstances.provider });
    const bench = await Bench.open(this.#temporal, provider, endpoint);
    const name = `case-${++this.#begun}`;
    const ended = new AbortController();
    try {
      const spec = await writeTask(bench.folder, name, SIZES, circumstances.spec);
      for (const [split, question] of Object.entries(extra)) {
        const row = { question, answer: goldAnswer(question, LABELS) };
        const [file] = spec.data[split as keyof typeof SIZES];
        await appendFile(file!, `${JSON.stringify(row)}\n`);
      }
      const worker = await bench.worker();
      return await worker.runUntil(async () => {
        const run = await bench.start(spec);
        const untilSaid = (words: RegExp) => this.#untilSaid(words, name, ended.signal);
        const patience = setTimeout(() => run.terminate('it does not end'), MOST_MS);
        const [failure] = await Promise.all([
          run.result().then(() => undefined, failureOf),
          meanwhile?.({ provider, untilSaid }),
        ]).finally(() => clearTimeout(patience));
        if (failure) return { failure, provider };
        const [report] = await bench.reports(spec.name);
        return { report, provider };
      });
    } finally {
      ended.abort();
      await bench.close();
    }
  }

  async #untilSaid(words: RegExp, run: string, signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const said = await Promise.all(PARTS.map((part) => this.#saidBy(run + part)));
      if (said.flat().some((note) => words.test(note))) return;
    }
  }

  /** What the activities of a workflow say of themselves. */
  async #saidBy(workflowId: string): Promise<string[]> {
    const handle = this.#temporal.client.workflow.getHandle(workflowId);
    const described = await handle.describe().catch(() => undefined);
    return (described?.raw.pendingActivities ?? []).flatMap(({ heartbeatDetails }) => {
      const data = heartbeatDetails?.payloads?.[0]?.data;
      const progress: Partial<Progress> = data ? JSON.parse(Buffer.from(data).toString()) : {};
      return [progress.note ?? [], progress.trouble ?? []].flat();
    });
  }
}

/** The reason of a workflow's failure that has a type. */
function failureOf(error: unknown): { type: string; message: string } {
  if (!(error instanceof WorkflowFailedError)) throw error;
  for (let cause: unknown = error; cause instanceof Error; cause = cause.cause)
    if (cause instanceof ApplicationFailure && cause.type)
      return { type: cause.type, message: cause.message };
  throw error;
}

/** What must not change where a server only says the same otherwise. */
export function figuresOf({ report, failure }: Result) {
  if (!report) throw new Error(`the run failed: ${failure?.type}: ${failure?.message}`);
  const { metrics, pseudoLabels, examples } = report;
  const { all, selected, count, agreement, threshold } = pseudoLabels;
  return {
    examples,
    metrics,
    pseudoLabels: [all.got, selected.got, count, agreement, threshold],
  };
}
