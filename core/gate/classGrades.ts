import { addParts, NO_PART } from '../score.ts';
import type { Part } from '../tasks/task.ts';

/** What the models got on the test examples of a class, by the first metric. */
export interface ClassGrade {
  label: string;
  examples: number;
  /** In the order of the models. */
  parts: Part[];
}

/** Grades by the class of the gold answer, of tasks whose answers are of a fixed set, or hold some of one. */
export class ClassGrades {
  readonly #grades: Map<string, ClassGrade>;

  /** @param models how many are graded */
  constructor(classes: readonly string[], models: number) {
    this.#grades = new Map(
      classes.map((label) => [label, { label, examples: 0, parts: Array(models).fill(NO_PART) }]),
    );
  }

  /** What each model got on an example of these classes; what is none of them does not count. */
  add(classes: readonly string[], parts: readonly Part[]): void {
    for (const label of classes) {
      const grade = this.#grades.get(label);
      if (!grade) continue;
      grade.examples++;
      grade.parts = grade.parts.map((sum, model) => addParts(sum, parts[model]!));
    }
  }

  /** Those that have any examples, in the order of the classes. */
  all(): ClassGrade[] {
    return [...this.#grades.values()].filter(({ examples }) => examples > 0);
  }
}
