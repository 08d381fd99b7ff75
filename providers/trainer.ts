import type { JobState } from './jobState.ts';

/** What is asked of a fine-tuning job, whoever runs it. */
export interface JobRequest {
  /** Names the work, not the attempt: two jobs of one key are never wanted. */
  key: string;
  model: string;
  /** Of a file that serves no other work. */
  fileId: string;
  epochs: number;
  batchSize?: number;
  learningRateMultiplier?: number;
  seed: number;
  /** Part of the tuned model's name; no other key's. */
  suffix: string;
}

/** A job in the project's words; `detail` is the provider's own word for its state. */
export interface Job {
  id: string;
  /** `vanished` where the provider itself says that it knows no such job. */
  state: JobState | 'vanished';
  detail: string;
  /** Name of the tuned model, once succeeded. */
  model?: string;
  /** The provider's reason for a failure; it may still quote the training file. */
  message?: string;
  trainedTokens: number;
  /**
   * Whether what the provider tells of it shows whose it is. If not, a job whose creation was
   * answered into the void cannot be found again.
   */
  isRecognisable: boolean;
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
  /**
   * Uploads a chat-format JSONL file, unless one of this name is there.
   * @param name of this content for this work alone
   * @returns its id
   */
  upload(file: TrainingFile, name: string, signal?: AbortSignal): Promise<string>;
  /**
   * The job of this key: the one that is there, or a new one. Jobs that ended without
   * a model are not taken up again. Should two have come about, the oldest stays and the others are cancelled.
   */
  adoptOrCreate(request: JobRequest): Promise<Job>;
  /** The job's state now. It has succeeded only once its model answers. */
  poll(jobId: string, request: JobRequest, signal?: AbortSignal): Promise<Job>;
  /** Whether the job is among those of its key. */
  isListed(jobId: string, request: JobRequest): Promise<boolean>;
  /**
   * Cancels every job of this key that has not ended.
   * @param jobId of one that may not be recognised
   * @returns how many were cancelled
   */
  cancel(request: JobRequest, jobId?: string): Promise<number>;
}
