/** What is asked of a fine-tuning job, whoever runs it. */
export interface JobRequest {
  /** Names the work, not the attempt: two jobs of one key are never wanted. */
  key: string;
  model: string;
  fileId: string;
  epochs: number;
  batchSize?: number;
  learningRateMultiplier?: number;
  seed: number;
  /** Part of the tuned model's name. */
  suffix: string;
}

/**
 * A job's state in the project's words. `pending` is everything that still goes on (validating,
 * queued, paused and any status we do not know); `detail` is the provider's own word for it.
 */
export interface Job {
  id: string;
  state: 'pending' | 'running' | 'succeeded' | 'failed' | 'cancelled' | 'vanished';
  detail: string;
  /** Name of the tuned model, once succeeded. */
  model?: string;
  /** The provider's reason for a failure. */
  message?: string;
  trainedTokens: number;
  /** Changes with every sign of progress within a state; undefined where none can be seen. */
  mark?: string;
  step?: number;
  totalSteps?: number;
  loss?: number;
}

/** A training file on disk, known by its content. */
export interface TrainingFile {
  path: string;
  sha256: string;
  bytes: number;
}

/** One way to fine-tune. Every method may be repeated without a second job or a second upload. */
export interface Trainer {
  /** Uploads a chat-format JSONL file, unless one of the same content is there. @returns its id */
  upload(file: TrainingFile, signal?: AbortSignal): Promise<string>;
  /**
   * The job of this key: the one that is there, or a new one. Jobs that ended without
   * a model are not taken up again. Should two have come about, the oldest stays and the others are cancelled.
   */
  adoptOrCreate(request: JobRequest): Promise<Job>;
  /** The job's state now; `vanished` when the provider no longer knows it. */
  poll(jobId: string, signal?: AbortSignal): Promise<Job>;
  /** Cancels every job of this key that has not ended. @returns how many were cancelled */
  cancel(key: string): Promise<number>;
}
