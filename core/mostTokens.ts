import type { RunSpec } from './spec.ts';
import type { Task } from './tasks/task.ts';

/** Of an answer of a word, a letter or a number. */
const OF_A_WORD = 16;
const OF_REASONS = 1024;

/** Most tokens of an answer, where a collaborator or the evaluation does not say. */
export function mostTokens(
  { maxTokens }: Pick<RunSpec, 'maxTokens'>,
  task: Pick<Task, 'maxTokens'>,
  isReasoned: boolean,
): number {
  return maxTokens ?? (isReasoned ? OF_REASONS : (task.maxTokens ?? OF_A_WORD));
}

/** Tokens are hardly ever shorter, in all that a file of requests or of training rows holds. */
export const BYTES_A_TOKEN = 3;
