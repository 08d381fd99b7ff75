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
export const modelRoles = ['vanilla', 'sft', 'sft-steps', 'semievol'] as const;
/** What a model is to its round. */
export type ModelRole = (typeof modelRoles)[number];

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

/** A successes-out-of-trials figure with its Wilson interval. */
export interface Proportion {
  correct: number;
  total: number;
  /** correct / total, or null when total is 0. */
  value: number | null;
  low: number | null;
  high: number | null;
}

/** Requests and tokens. */
export interface Usage {
  requests: number;
  /** Those of the requests whose tokens the endpoint did not tell. */
  unmetered: number;
  promptTokens: number;
  cachedTokens: number;
  completionTokens: number;
  trainedTokens: number;
}

/** What was used of one model in one phase. */
export interface ModelUsage extends Usage {
  phase: string;
  endpoint: string;
  model: string;
}

/** Tokens with a price of their own. */
export type TokenKind = 'input' | 'output' | 'training';

/** What was spent, as far as the configuration tells. */
export interface Bill {
  /** US dollars of all that has a price; null where nothing has. */
  cost: number | null;
  /** What was used of models without a price for it; a tuned model stands under its base. */
  unpriced: { endpoint: string; model: string; tokens: TokenKind[] }[];
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

/** What is wrong with a row: its form, a part of its example, or that an earlier row answers otherwise. */
export type BadReason = 'unreadable' | 'question' | 'options' | 'answer' | 'conflict';

/** What became of the rows of one data file. The rows are the sum of the other counts. */
export interface FileCounts {
  split: Split;
  /** As the spec names it, without the query of a URL. */
  file: string;
  /** Rows read; those after the split's limit are not. */
  rows: number;
  kept: number;
  /** Rows that repeat an earlier row of their split. */
  repeated: number;
  /** Rows whose example is in the test split, too. */
  inTest: number;
  /** Rows whose example is in the labelled split, too. */
  inLabelled: number;
  /** Rows that could not be used, by what is wrong with them. */
  bad: Partial<Record<BadReason, number>>;
  /** Whether rows after these were left unread, because of the split's limit. */
  limited: boolean;
}

/** What cleaning made of the data files: counts, and where to look. */
export interface IngestReport {
  /** In the order in which they were read. */
  files: FileCounts[];
  /** The first of the rows that could not be used; a quoted text is cut short. */
  problems: { file: string; line: number; problem: string }[];
}

/** Figures of one finished round, as the store keeps them and `semievol report` shows them. */
export interface RoundReport {
  run: string;
  round: number;
  /** The data set; what became of its files' rows is told by its `IngestReport`. */
  dataset: string;
  task: string;
  model: string;
  seed: number;
  /** Examples in each split after cleaning. */
  examples: Record<Split, number>;
  /** Level of all intervals, 0.5..1. */
  confidence: number;
  accuracy: { vanilla: Proportion; sft: Proportion; semievol: Proportion };
  /** Which SFT baseline the comparison took: the better of equal epochs and equal steps. */
  sftBaseline: 'epochs' | 'steps';
  sftVariants: { epochs: Proportion; steps: Proportion };
  /** McNemar's exact test of SemiEvol against SFT on the test split. */
  mcnemar: { semievolOnly: number; sftOnly: number; pValue: number };
  pseudoLabels: {
    /** Accuracy against the gold answers of the unlabelled split, where it has them. */
    all: Proportion;
    selected: Proportion;
    /** Selected pseudo-labels. */
    count: number;
    /** Share of examples on which all collaborators agreed, 0..1. */
    agreement: number;
    /** As the selection rule makes it: plain JSON. */
    threshold: Threshold;
    /** Rule, score and threshold in words. */
    rule: string;
    /** What the threshold is a share of: where no answer has an entropy, that of the votes. */
    entropyOf: 'answers' | 'votes';
    classes: Classes;
  };
  /** Of the collaborators, the justification and the evaluated models. */
  answers: AnswerTally[];
  /** Labelled and unlabelled examples that the embedding model would not take: they have no neighbours. */
  withoutVector: number;
  promoted: boolean;
  models: { warmUp: string; semievol: string; champion: string };
  /** Wall-clock seconds a phase; those skipped have none. */
  seconds: Partial<Record<PhaseName, number>>;
  usage: ModelUsage[];
  bill: Bill;
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
