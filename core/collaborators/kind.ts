import type { z } from 'zod';
import type { Task } from '../tasks/task.ts';
import type { Example, Shot } from '../types.ts';

/** A labelled neighbour of the example that is to be answered. */
export interface LabelledNeighbour {
  example: Shot;
  /**
   * How alike the two are, 0 to 1: the cosine of their vectors (0 where they point away from each
   * other); in a search by words or by both, the share of the nearest's score.
   */
  similarity: number;
}

/** What a free collaborator says of an example. */
export interface Opinion {
  /** Canonical, or as a data file may write it; null where it has none. */
  answer: string | null;
  /**
   * How sure it is, above 0 and up to 1; left out where it cannot tell. It counts as the answer's one token:
   * its entropy is −ln of it.
   */
  probability?: number;
  /** What it would have said as a model; the task's own words for the answer when left out. */
  text?: string;
}

/** A collaborator that costs no request, as a spec sets it. */
export interface Collaborator {
  /**
   * Answers an example. Of what it answers the first that is stored counts; what it throws is tried
   * again, as other failures are.
   * @param x without its gold answer, should the data have one
   * @param neighbours nearest first, as many as its spec says; fewer, or none, where no more can be
   * found
   * @param signal aborts when the answer is not wanted any more
   */
  answer(
    x: Omit<Example, 'answer'>,
    neighbours: readonly LabelledNeighbour[],
    signal: AbortSignal,
  ): Opinion | Promise<Opinion>;
}

/** The schema of a free collaborator's part of a run spec: an object that names its kind. */
export type CollaboratorSchema = z.ZodObject<{ type: z.ZodLiteral<string> }>;

/** A kind of collaborator that asks no model: what a run spec says of it, and what this makes. */
export interface CollaboratorKind<Spec extends CollaboratorSchema = CollaboratorSchema> {
  /**
   * A strict object whose `type` is a literal, the kind's name; `name`, and `neighbours` where it
   * sees any, are added to it. As the schema of a task kind it must take what it makes, with the same
   * result.
   */
  spec: Spec;
  /** How many labelled neighbours it sees, unless a spec says otherwise; none when left out. */
  neighbours?: number;
  /** The collaborator that a spec describes, for its task. Called once a spec. */
  create(spec: z.output<Spec>, task: Task): Collaborator;
}

/**
 * A collaborator of one's own that asks no model, for `extensions.collaborators` of the
 * configuration.
 *
 * @example
 * ```ts
 * import { defineCollaborator } from 'semievol';
 * import { z } from 'zod';
 *
 * export const keywords = defineCollaborator({
 *   spec: z.strictObject({
 *     type: z.literal('keywords').describe('The label whose word stands in the text.'),
 *     words: z.record(z.string(), z.string()).describe('The label of each word.'),
 *   }),
 *   create: ({ words }) => ({
 *     answer({ question }) {
 *       const found = Object.keys(words).find((word) => question.includes(word));
 *       return { answer: found === undefined ? null : words[found]! };
 *     },
 *   }),
 * });
 * ```
 */
export function defineCollaborator<Spec extends CollaboratorSchema>(
  kind: CollaboratorKind<Spec>,
): CollaboratorKind<Spec> {
  return kind;
}
