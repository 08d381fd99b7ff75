import type { Answer } from '../answer.ts';
import type { PseudoLabel } from '../consensus.ts';
import type { ModelRecord, StoredExample } from '../types.ts';

/** What a model has learned, a page of it. */
export interface Explanation {
  model: ModelRecord;
  /** What it was tuned from, and what that was, to the model that nobody here has tuned. */
  descent: Ancestor[];
  rows: ExplainedRows | { lacking: string };
}

/** A model that another one was tuned from; only its name is known of one that was not tuned here. */
export type Ancestor = Pick<ModelRecord, 'name'> &
  Partial<Pick<ModelRecord, 'run' | 'round' | 'role'>>;

/** A page of the examples in a training file: the selected ones first. */
export interface ExplainedRows {
  /** How often each labelled example stands in the file. */
  labelledTimes: number;
  page: ExplainedRow[];
  /** Where the next page begins; null after the last. */
  next: string | null;
}

/** An example that a model has learned. */
export type ExplainedRow = LabelledRow | SelectedRow;

/** One that people have labelled. */
export interface LabelledRow {
  from: 'labelled';
  /** By which it is found again: `labelled/` and its ordinal. */
  place: string;
  /** Its answer is what was learned. */
  example: StoredExample;
}

/** One that models have labelled, and how they came to it. */
export interface SelectedRow {
  from: 'selected';
  /** `selected/`, or `earlier/` where an earlier round has selected it, and its ordinal. */
  place: string;
  example: StoredExample;
  /** The round that has labelled and selected it. */
  round: number;
  /** What was learned, and how sure it was. */
  label: PseudoLabel;
  /** What it was selected by, the lower the surer; null where the rule keeps what has none. */
  score: number | null;
  /** How often it stands in the file. */
  weight: number;
  /** What the collaborators said; none where that is no longer kept. */
  answers: GivenAnswer[];
  /** The labelled neighbours that they were shown, nearest first; none where that is no longer kept. */
  neighbours: NeighbourRow[];
}

/** What was said of an example. */
export type GivenAnswer = Pick<
  Answer,
  'collaborator' | 'sample' | 'endpoint' | 'model' | 'text' | 'parsed' | 'entropy' | 'probability'
> & {
  /** Whether it justifies one of the answers that were given before. */
  isJustification: boolean;
};

/** A labelled example that resembles another one. */
export interface NeighbourRow {
  example: StoredExample;
  /** 0 to 1. */
  similarity: number;
}
