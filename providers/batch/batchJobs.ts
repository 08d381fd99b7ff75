import type { OpenAI } from 'openai';
import type { EndpointConfig } from '../config.ts';
import { jobState } from '../jobState.ts';
import { ListedJobs } from '../listedJobs.ts';
import type { Job, JobOrder } from '../remoteJobs.ts';
import { ifKnown } from '../said.ts';
import type { TrainerEndpoint } from '../trainer.ts';
import { openaiWire } from './openaiWire.ts';
import { togetherWire } from './togetherWire.ts';
import type { BatchWire, InputError, RemoteBatch } from './wire.ts';

/** How an endpoint takes batches. */
export type BatchConfig = NonNullable<EndpointConfig['batches']>;

/** What a batch is about, and for whom; its key is a hash of all of it. */
export interface BatchRequest {
  /** Temporal's namespace. */
  namespace: string;
  /** Identity of the store. */
  store: string;
  run: string;
  round: number;
  dataset: string;
  /** The endpoint's root, and what its requests are for there. */
  baseURL: string;
  path: string;
  model: string;
  /** Of the file of requests, in hexadecimal digits. */
  sha256: string;
  /** The how manieth time requests of this kind are sent: what is sent again is another batch. */
  time: number;
}

/** A batch as it is asked for. */
export type BatchOrder = JobOrder<BatchRequest>;

/** How a batch has ended, and where its answers are: it may have some however it ended. */
export interface BatchEnd {
  /** The provider's own word. */
  status: string;
  outputFileId?: string | undefined;
  errorFileId?: string | undefined;
  /** What is wrong with its input file, where it failed for that. */
  errors: InputError[];
  /** It failed since more was queued than is taken at a time: it can be sent again as it is. */
  isBusy: boolean;
}

/** What a file of requests waits for where there is too much in the queue. */
const BUSY = /token_limit_exceeded/i;
const WIRES: Record<BatchConfig['wire'], BatchWire> = {
  openai: openaiWire,
  together: togetherWire,
};

export const wireOf = ({ wire }: BatchConfig): BatchWire => WIRES[wire];

type BatchJob = Job<BatchEnd>;
type BatchEndpoint = Pick<TrainerEndpoint, 'client' | 'failure'>;

/**
 * The batches of an endpoint. They are found again by the key in their metadata, and where the wire
 * has none by their input file, which is of one key.
 */
export class BatchJobs extends ListedJobs<BatchRequest, BatchEnd, RemoteBatch> {
  readonly #endpoint: BatchEndpoint;
  readonly #config: BatchConfig;
  readonly #wire: BatchWire;
  /** A creation whose answer was lost may have been done: it is never sent again unseen. */
  readonly #once: OpenAI;

  constructor(endpoint: BatchEndpoint, config: BatchConfig) {
    super();
    this.#endpoint = endpoint;
    this.#config = config;
    this.#wire = wireOf(config);
    this.#once = endpoint.client.withOptions({ maxRetries: 0 });
  }

  protected override create({ key, fileId }: BatchOrder): Promise<RemoteBatch> {
    const { path, windowHours } = this.#config;
    return this.#wire.create(this.#once, { fileId, path, windowHours, key });
  }

  protected override find(id: string, signal?: AbortSignal): Promise<RemoteBatch | undefined> {
    return ifKnown(this.#wire.retrieve(this.#endpoint.client, id, signal));
  }

  protected override async listed(order: BatchOrder): Promise<RemoteBatch[]> {
    const batches: RemoteBatch[] = [];
    for await (const batch of this.#wire.list(this.#endpoint.client))
      if (isOf(batch, order)) batches.push(batch);
    return batches;
  }

  protected override sendCancel(id: string): Promise<unknown> {
    return this.#wire.cancel(this.#endpoint.client, id);
  }

  /** However a batch has ended, it is as good as one that succeeded where it answered something. */
  protected override statusOf(batch: RemoteBatch): string {
    return hasEnded(batch) && this.hasResult(batch) ? 'completed' : batch.status;
  }

  protected override createdAt({ createdAt }: RemoteBatch): number {
    return createdAt;
  }

  protected override hasResult({ outputFileId, errorFileId }: RemoteBatch): boolean {
    return outputFileId !== undefined || errorFileId !== undefined;
  }

  protected override failure(error: unknown): Error {
    return this.#endpoint.failure(error);
  }

  protected override describe(batch: RemoteBatch, order: BatchOrder): BatchJob {
    const { id, status, outputFileId, errorFileId, errors, done, total, message } = batch;
    const state = jobState(status);
    const seen = { id, detail: status, isRecognisable: isOf(batch, order), message };
    if (!hasEnded(batch))
      return {
        ...{ ...seen, state, step: done, totalSteps: total },
        ...(done !== undefined && { mark: `${done}`, note: `${status}, ${done} of ${total}` }),
      };
    const isBusy = errors.some(({ code }) => BUSY.test(code)) || BUSY.test(message ?? '');
    const result = { status, outputFileId, errorFileId, errors, isBusy };
    // Of one that succeeded the files may be named a little later.
    const isThere = state !== 'succeeded' || this.hasResult(batch);
    return { ...seen, state: 'succeeded', ...(isThere && { result }) };
  }
}

const isOf = ({ key, inputFileId }: RemoteBatch, order: BatchOrder): boolean =>
  key === undefined ? inputFileId === order.fileId : key === order.key;

const hasEnded = ({ status }: RemoteBatch): boolean =>
  ['succeeded', 'failed', 'cancelled'].includes(jobState(status));
