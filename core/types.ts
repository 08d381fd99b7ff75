import type { PhaseName, PhaseState } from './phases.ts';
import type { Warning } from './searchAttributes.ts';
import type { Spent } from './spent.ts';

/** The words of the method, as types. Pure data: everything here can cross a Temporal payload. */

/** What comes through a payload as it was: no NaN, no infinite numbers. */
export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

/** What a selection rule has found to tell the kept from the others by; only the rule knows its form. */
export type Threshold = Json;

/** The three parts of a data set. */
export type Split = 'labelled' | 'unlabelled' | 'test';

/** One example of a task. */
export interface Example {
  /** SHA-256 (hex) of the normalised question, options and context. */
  id: string;
  question: string;
  /** A passage the question refers to. */
  context?: string;
  /** The choices, in order (multiple choice only). */
  options?: string[];
  /**
   * The gold answer in the task's canonical form. Unlabelled examples may carry one: it measures
   * pseudo-label accuracy and is never used to train or to select.
   */
  answer?: string;
}

/** An example as stored: `ordinal` is dense (0, 1, 2, …) within its split. */
export interface StoredExample extends Example {
  split: Split;
  ordinal: number;
}

/** Ordinals `from` (inclusive) to `to` (exclusive) of a split. */
export interface OrdinalRange {
  from: number;
  to: number;
}

/** A turn of a chat. */
export interface ChatMessage {
  role: 'system' | 'user' | 'assistant';
  content: string;
}

/** A worked example shown in a prompt. */
export type Shot = Required<Pick<Example, 'answer'>> & Example;

/** The models a round produces or compares. */
export const MODEL_ROLES = ['vanilla', 'sft', 'sft-steps', 'semievol'] as const;
/** What a model is to its round. */
export type ModelRole = (typeof MODEL_ROLES)[number];

/** A value for each model that a round compares; not every round has an `sft-steps`. */
export type PerModel<T> = Record<Exclude<ModelRole, 'sft-steps'>, T> & { 'sft-steps'?: T };

/** The classes among selected pseudo-labels. */
export interface Classes {
  selected: number;
  /** How many there are in all; null where they differ from example to example. */
  known: number | null;
  /** The first of those that none was selected of. */
  missing: string[];
}

/** The labelled neighbours of one unlabelled example, nearest first. */
export interface Neighbours {
  round: number;
  ordinal: number;
  exampleId: string;
  /** Ordinals in the labelled split. */
  labelled: number[];
  /** Cosine distance or negative BM25 score, in the same order. */
  distances: number[];
}

/** One model known to the store: its lineage goes back to base, data and job. */
export interface ModelRecord {
  name: string;
  run: string;
  round: number;
  role: ModelRole | 'warm-up' | 'other';
  endpoint: string;
  base: string;
  dataset: string;
  trainingFileSha256: string;
  trainingRows: number;
  jobKey: string;
  jobId: string;
  createdAt: string;
}

/** What every long activity heartbeats, so that progress can be shown without more history. */
export interface Progress {
  done: number;
  total: number;
  unit: string;
  note?: string;
  /** A job's status, in its provider's word. */
  detail?: string;
  /** What it is held up by, since when, and what is done about it. */
  trouble?: string;
}

/** What an activity under way tells its workflow, when it is news. */
export interface Sighting extends Pick<Progress, 'done' | 'total' | 'detail' | 'trouble'> {
  activityId: string;
}

/** What a round has come to so far, in numbers. */
export interface RoundFigures {
  spent: Spent;
  /** Unlabelled examples on which all collaborators agreed. */
  agreed: number;
  /** Unlabelled examples on which they did not, so that an answer was justified. */
  disagreed: number;
  /** Selected pseudo-labels, once they are. */
  selected?: number;
  /** Graded answers of the models. */
  scores?: Partial<Record<ModelRole, { correct: number; total: number }>>;
}

/** The state of a phase of a round, as the `status` query gives it. */
export interface PhaseStatus {
  /** `prepare` comes before the first round. */
  name: PhaseName | 'prepare';
  /** The child workflow at work; its `status` query answers a `Progress`. */
  workflowId?: string;
  state: PhaseState;
  /** Why it is skipped. */
  reason?: string;
  /** What it waits for, such as a job at a provider. */
  waitsFor?: string;
  /** What holds it up. */
  trouble?: string;
  warning?: Warning;
  /** From when, and from how many done, its rate is measured. */
  paced?: { at: number; done: number };
  done: number;
  total: number;
  unit: string;
  note?: string;
  /** Epoch milliseconds. */
  startedAt?: number;
  endedAt?: number;
}

/** Answer of the `status` query of the `round` workflow. */
export interface RoundStatus {
  round: number;
  phases: PhaseStatus[];
  figures: RoundFigures;
  /** Epoch milliseconds; undefined unless it is paused. */
  pausedAt?: number;
  /** What holds up the work that is the round's own. */
  trouble?: string;
}

/** What the workflow of a phase tells its round. */
export interface PhaseNews
  extends Partial<
    Pick<PhaseStatus, 'done' | 'total' | 'note' | 'waitsFor' | 'trouble' | 'warning'>
  > {
  name: PhaseName;
  /** What the phase has come to. */
  figures?: Partial<RoundFigures>;
}

/** Answer of the `status` query of the `evolve` workflow. */
export interface RunStatus {
  run: string;
  round: number;
  rounds: number;
  paused: boolean;
  /** The `round` workflow now running; ask it for its phases. */
  roundWorkflowId?: string;
  totals: RunTotals;
  /** The rounds that ended last, oldest first. The reports of all are in the store. */
  latest: RoundSummary[];
}

/** What a run remembers of a round. */
export interface RoundSummary {
  round: number;
  /** Shares of the test split, 0..1. */
  accuracy: { vanilla: number | null; sft: number | null; semievol: number | null };
  /** Selected pseudo-labels. */
  selected: number;
  promoted: boolean;
  champion: string;
}

/** What a run has come to in all its rounds. */
export interface RunTotals {
  /** Rounds that have ended. */
  finished: number;
  /** Rounds whose new model became the champion. */
  promoted: number;
}
