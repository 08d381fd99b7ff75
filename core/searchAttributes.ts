/**
 * The search attributes by which runs, rounds and fine-tunes are found in Temporal, with their types
 * there. A namespace may have all, some or none of them.
 */
export const SEARCH_ATTRIBUTES = {
  /** Kind of the task, such as `classification`. */
  SemiEvolTask: 'KEYWORD',
  /** The model that is tuned. */
  SemiEvolModel: 'KEYWORD',
  /** The phase under way. */
  SemiEvolPhase: 'KEYWORD',
  SemiEvolRound: 'INT',
  SemiEvolState: 'KEYWORD',
  SemiEvolWarning: 'KEYWORD',
} as const;

export type SearchAttributeName = keyof typeof SEARCH_ATTRIBUTES;

export const SEARCH_ATTRIBUTE_NAMES = Object.keys(SEARCH_ATTRIBUTES) as SearchAttributeName[];

/** `waiting` for a job at a provider, an endpoint that does not answer, a person, or what the next round needs. */
export type WorkState = 'running' | 'paused' | 'waiting' | 'completed' | 'failed' | 'cancelled';

/**
 * What wants a look: a job that makes no progress, an endpoint that gives no answers, a budget that is
 * reached or nearly so, too many examples without an answer, models that may learn from their own
 * mistakes.
 */
export type Warning =
  | 'JobStalled'
  | 'EndpointAway'
  | 'BudgetReached'
  | 'BudgetNear'
  | 'ExamplesFail'
  | 'Drift';

/** What the attributes say of a workflow; null takes one away. */
export interface SearchAttributeValues {
  SemiEvolTask?: string;
  SemiEvolModel?: string;
  SemiEvolPhase?: string | null;
  SemiEvolRound?: number;
  SemiEvolState?: WorkState;
  SemiEvolWarning?: Warning | null;
}
