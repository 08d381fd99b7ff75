import type { SelectionNeeds } from '../calibrationPlan.ts';
import type { PhaseName } from '../phases.ts';
import type { RunSpec } from '../spec.ts';
import type { Task } from '../tasks/task.ts';
import type { ChatMessage, ModelAt, Shot, Split, StoredExample } from '../types.ts';
import type { Measured } from './answers.ts';
import type { Span } from './span.ts';
import type { TokenCounter } from './tokens.ts';

/** How many examples a split has, and some of them, drawn at random. */
export interface Sample<E = StoredExample> {
  count: number;
  examples: readonly E[];
}

/** Some examples of each split. */
export type Samples = Record<Exclude<Split, 'labelled'>, Sample> & {
  labelled: Sample<StoredExample & Shot>;
};

/** What is known of the models that a run asks. */
export interface Models {
  /** How tokens are counted for a model; for tuned ones for their base. */
  counterOf(at: ModelAt): TokenCounter;
  /** Whether one request draws several answers. */
  drawsSeveral(at: ModelAt): boolean;
  /** Tokens of its answers, where the model was asked some of the questions of this kind. */
  measured?(at: ModelAt, asks: Asks): Measured | undefined;
}

/** What is to be forecast. */
export interface Prospect {
  spec: RunSpec;
  task: Task;
  /** Of the selection of the spec. */
  needs: SelectionNeeds;
  samples: Samples;
  models: Models;
}

/** What a model is asked for. */
export type Asks =
  | 'answers'
  | 'justifications'
  | 'comparisons'
  | 'tests'
  | 'grades'
  | 'checks'
  | 'vectors';

/** What a run is going to use of a model in a phase. Models that are tuned stand under their base. */
export interface PlannedUse extends ModelAt {
  round: number;
  phase: PhaseName;
  /** What is asked for; a fine-tune where it is left out. */
  asks?: Asks;
  /** Whether it is a tuned model, which stands under its base. */
  isTuned?: boolean;
  /** Who asks, where there are several: collaborators, or a role of the models that are graded. */
  who?: string;
  requests: Span;
  promptTokens: Span;
  completionTokens: Span;
  trainedTokens: Span;
  /** Tokens of the longest prompt, and of the longest answer that is allowed, as far as was looked. */
  longest?: number;
}

/** A text as it will be sent, the first of its kind. */
export interface Preview extends ModelAt {
  kind: string;
  messages: ChatMessage[];
  /** As they are counted. */
  tokens: number;
}
