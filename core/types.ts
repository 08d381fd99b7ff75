import type { PhaseName, PhaseState } from './phases.ts';

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

/** What a stage of a round asks the models for; part of every answer's key. */
export type AnswerStage = 'collaborate' | 'justify' | `evaluate-${ModelRole}`;

/** The models a round produces or compares. */
export const MODEL_ROLES = ['vanilla', 'sft', 'sft-steps', 'semievol'] as const;
/** What a model is to its round. */
export type ModelRole = (typeof MODEL_ROLES)[number];

/** A value for each model that a round compares; not every round has an `sft-steps`. */
export type PerModel<T> = Record<Exclude<ModelRole, 'sft-steps'>, T> & { 'sft-steps'?: T };

/** One sampled answer of one model to one example. */
export interface Answer {
  round: number;
  stage: AnswerStage;
  split: Split;
  ordinal: number;
  exampleId: string;
  /** Name of the collaborator; the model role for evaluations. */
  collaborator: string;
  sample: number;
  model: string;
  text: string;
  /** The answer in canonical form, or null where none could be read from the text. */
  parsed: string | null;
  /** Mean negative log-probability a token, in nats (§3.3 of the paper); null without logprobs. */
  entropy: number | null;
  /** Token counts of a request stand with its first sample; null where the endpoint tells none. */
  promptTokens: number | null;
  cachedTokens: number | null;
  completionTokens: number | null;
  /** The endpoint's word, or why the request was given up (see `core/givenUp.ts`). */
  finishReason: string;
}

/** What a round believes about one unlabelled example. */
export interface PseudoLabel {
  round: number;
  ordinal: number;
  exampleId: string;
  /** Canonical answer; null when no collaborator gave a readable one. */
  label: string | null;
  /** All collaborators gave the same answer. */
  agreed: boolean;
  /** Mean negative log-probability a token of the answer(s) behind the label, in nats. */
  entropy: number | null;
  /** How many collaborators stood behind the label, out of `collaborators`. */
  votes: number;
  collaborators: number;
}

/** What became of the answers of one collaborator, or of one evaluated model. */
export interface AnswerTally {
  stage: AnswerStage;
  collaborator: string;
  answers: number;
  /** Answers in which none was found, the cut and those given up included. */
  unread: number;
  /** Answers that were cut off at the most tokens of one. */
  cut: number;
  /** Answers without log-probabilities. */
  withoutEntropy: number;
  /** Requests that the endpoint would not answer, while it answered others. */
  givenUp: number;
}

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
  /** What it is held up by, since when, and what is done about it. */
  trouble?: string;
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
  phases: PhaseStatus[];
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
