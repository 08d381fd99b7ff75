/** The words of the method, as types. Pure data: everything here can cross a Temporal payload. */

import type { ClassDistance } from './drift/classDistance.ts';
import type { ClassCount } from './selection/classCounts.ts';

/** What comes through a payload as it was: no NaN, no infinite numbers. */
export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

/** A schema of JSON values, in the words of JSON Schema. */
export type JsonSchema = { [keyword: string]: Json };

/** What a selection rule has found to tell the kept from the others by; only the rule knows its form. */
export type Threshold = Json;

/** A model where it is served: two endpoints may have one of the same name. */
export interface ModelAt {
  endpoint: string;
  model: string;
}

/** The three parts of a data set. */
export type Split = 'labelled' | 'unlabelled' | 'test';

/** One example of a task. */
export interface Example {
  /** SHA-256 (hex) of the normalised question, options, context and what was said before. */
  id: string;
  question: string;
  /** What was said before the question: a system's words, and earlier turns. */
  before?: ChatMessage[];
  /** A passage the question refers to. */
  context?: string;
  /** The choices, in order (multiple choice only). */
  options?: string[];
  /**
   * The gold answer in the task's canonical form. Unlabelled examples may carry one: it measures
   * pseudo-label accuracy and is never used to train or to select.
   */
  answer?: string;
  /**
   * What it belongs to by a column of the data, such as a subject. It is counted by where models are
   * graded, and is no part of what makes the example, of a prompt or of training.
   */
  category?: string;
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
export const MODEL_ROLES = ['vanilla', 'champion', 'sft', 'sft-steps', 'semievol'] as const;
/** What a model is to its round. */
export type ModelRole = (typeof MODEL_ROLES)[number];

/** The models that not every round has: a champion has a role of its own where it is not `vanilla`. */
type SomeRole = 'champion' | 'sft-steps';

/** A value for each model that a round compares. */
export type PerModel<T> = Record<Exclude<ModelRole, SomeRole>, T> & Partial<Record<SomeRole, T>>;

/** The classes among selected pseudo-labels. */
export interface Classes {
  selected: number;
  /** How many there are in all; null where they differ from example to example. */
  known: number | null;
  /** The first of those that none was selected of. */
  missing: string[];
  /** How many there are of each, or of the most frequent; none where `known` is null. */
  counts: ClassCount[];
  /** Of all classes; not there where `known` is null, or other shares than those were wanted. */
  distance?: ClassDistance;
}

/** The labelled neighbours of one example, nearest first. */
export interface Neighbours {
  round: number;
  /** Of the example. */
  split: Split;
  ordinal: number;
  exampleId: string;
  /** Ordinals in the labelled split. */
  labelled: number[];
  /**
   * How alike they are, in the same order, 0 to 1: the cosine of the vectors, 0 where it is negative;
   * in a search by words or by both, the score as a share of the best.
   */
  similarities: number[];
}

/** One model known to the store: its lineage goes back to base, data and job. */
export interface ModelRecord {
  name: string;
  run: string;
  round: number;
  role:
    | Exclude<ModelRole, 'champion'>
    | 'warm-up'
    | 'fold-1'
    | 'fold-2'
    | `${'semievol' | 'sft' | 'sft-steps'}-fold-${number}`
    | 'other';
  endpoint: string;
  base: string;
  dataset: string;
  trainingFileSha256: string;
  trainingRows: number;
  jobKey: string;
  jobId: string;
  createdAt: string;
}
