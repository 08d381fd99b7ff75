import type { z } from 'zod';
import type { Task } from './task.ts';

/** The schema of a task's part of a run spec: an object that names its kind. */
export type TaskSchema = z.ZodObject<{ type: z.ZodLiteral<string> }>;

/** A kind of task: what a run spec says of it, and the task that this makes. */
export interface TaskKind<Spec extends TaskSchema = TaskSchema> {
  /**
   * A strict object whose `type` is a literal, the kind's name. `.describe()` on its fields is their
   * documentation in the JSON schema. What it makes of a spec it must take for a spec again, with
   * the same result: specs are stored as they were read.
   */
  spec: Spec;
  /** The task that a spec describes. Called once a spec; what takes time to prepare belongs here. */
  create(spec: z.output<Spec>): Task;
}

/**
 * A kind of task of one's own, for `extensions.tasks` of the configuration.
 *
 * @example
 * ```ts
 * import { conversation, defineTaskKind, rightOrWrong } from 'semievol';
 * import { z } from 'zod';
 *
 * export const yesNo = defineTaskKind({
 *   spec: z.strictObject({
 *     type: z.literal('yes-no').describe('The answer is yes or no.'),
 *     instruction: z.string().default('Answer the question.'),
 *   }),
 *   create: ({ instruction }) => {
 *     const read = (text: string) => /^\W*(yes|no)\b/i.exec(text)?.[1]?.toLowerCase() ?? null;
 *     return {
 *       ...conversation({
 *         system: instruction,
 *         answer: 'yes or no',
 *         justifySystem: `${instruction}\nTwo answers were proposed: weigh them and choose one.`,
 *         question: ({ question }) => question,
 *         candidate: (_, answer) => answer,
 *         target: (answer) => answer,
 *       }),
 *       classes: ['yes', 'no'],
 *       parse: read,
 *       equal: (a, b) => a === b,
 *       ...rightOrWrong((answer, gold) => answer === gold),
 *       canonical: (raw) => {
 *         const answer = read(raw);
 *         return answer ? { answer } : { problem: 'the answer is neither yes nor no' };
 *       },
 *       checkOptions: () => null,
 *     };
 *   },
 * });
 * ```
 */
export function defineTaskKind<Spec extends TaskSchema>(kind: TaskKind<Spec>): TaskKind<Spec> {
  return kind;
}
