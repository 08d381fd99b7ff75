import type { Value, Values } from '../render.ts';

/** Where a tool says how it goes. */
export interface LogSource {
  /** In its output folder; what it prints when left out. */
  file?: string;
  /** With named groups, as `readLog` takes them. */
  patterns: readonly RegExp[];
  /** Whether an attempt that goes on from a checkpoint counts its steps from 1 again. */
  countsAnew?: boolean;
}

/** A state of the training that a later attempt can go on from. */
export interface Checkpoint {
  path: string;
  /** Steps done. */
  step: number;
}

/** What one attempt at a job is to do; paths are absolute. */
export interface AttemptPlan {
  /** The base model as the tool names it: a folder, or a name it can look up. */
  model: string;
  /** Training file in chat format, and how many rows it has. */
  rows: string;
  rowCount: number;
  /** Folder of the data as the tool has had it arranged. */
  data: string;
  output: string;
  epochs: number;
  batchSize: number;
  learningRate: number;
  seed: number;
  /** Folder of the adapter to start from, in a second stage. */
  adapter?: string;
  checkpoint?: Checkpoint;
  /** Of the whole job. */
  steps: number;
}

/** A program that trains, and how its configuration, log and output are laid out. */
export interface Tool {
  /** Program and arguments; `{{config}}` is the rendered configuration. */
  command: readonly string[];
  /** Its configuration, in the folder of templates. */
  template: string;
  /** What the template has placeholders for besides the plan, and what stands there unless the user says otherwise. */
  defaults: Readonly<Record<string, Value>>;
  log: LogSource;
  /** The file of weights that an adapter and a checkpoint have. */
  weights: string;
  /** Whether it can start from the adapter of an earlier stage, which it goes on with. */
  startsFromAdapter: boolean;
  /** The newest whole checkpoint in an output folder; where left out the tool cannot go on from one. */
  newestCheckpoint?(output: string, done: number): Promise<Checkpoint | undefined>;
  /** Lays the training file out as the tool reads it, in a folder of the job. */
  arrange(rows: string, data: string): Promise<void>;
  /** Values of placeholders that are the tool's own. */
  values?(plan: AttemptPlan): Values;
}
