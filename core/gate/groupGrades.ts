import type { CategoryReport, GroupReport, GroupsReport } from '../roundReport.ts';
import { addParts, NO_PART, shareOf } from '../score.ts';
import type { Part } from '../tasks/task.ts';
import type { ModelRole } from '../types.ts';

/** What the models got on the graded examples of a class or of a category, by the first metric. */
export interface GroupGrade {
  label: string;
  examples: number;
  /** In the order of the models. */
  parts: Part[];
}

/** Grades by group: by the class of the gold answer, or by a category of the data. */
export class GroupGrades {
  readonly #models: number;
  readonly #grades: Map<string, GroupGrade>;
  readonly #isOpen: boolean;

  /**
   * @param models how many are graded
   * @param known the groups that there are, in their order; whichever come, where it is left out
   */
  constructor(models: number, known?: readonly string[]) {
    this.#models = models;
    this.#grades = new Map((known ?? []).map((label) => [label, this.#empty(label)]));
    this.#isOpen = known === undefined;
  }

  /** What each model got on an example of these groups; what is none of them does not count. */
  add(labels: readonly string[], parts: readonly Part[]): void {
    for (const label of labels) {
      const grade = this.#grades.get(label) ?? (this.#isOpen ? this.#empty(label) : undefined);
      if (!grade) continue;
      grade.examples++;
      grade.parts = grade.parts.map((sum, model) => addParts(sum, parts[model]!));
      this.#grades.set(label, grade);
    }
  }

  /** Those that have any examples, in their order. */
  all(): GroupGrade[] {
    return [...this.#grades.values()].filter(({ examples }) => examples > 0);
  }

  #empty(label: string): GroupGrade {
    return { label, examples: 0, parts: Array(this.#models).fill(NO_PART) };
  }
}

/** Classes that a report lists. */
const CLASSES = 20;
/** Categories that a report lists: they come from the data, in any number. */
const CATEGORIES = 100;

const largestFirst = (grades: readonly GroupGrade[]) =>
  grades.toSorted((a, b) => b.examples - a.examples);

/** The most frequent classes, in their order, and what is left; undefined where there are none. */
export function classReport(
  grades: readonly GroupGrade[],
  roles: readonly ModelRole[],
): GroupsReport | undefined {
  if (grades.length === 0) return undefined;
  const listed = new Set(largestFirst(grades).slice(0, CLASSES));
  return {
    listed: grades.filter((one) => listed.has(one)).map((one) => reportOf(one, roles)),
    others: othersOf(grades.filter((one) => !listed.has(one))),
  };
}

/**
 * The largest categories, and what is left; undefined where there are none.
 * @param examples how many were graded, of a category or of none
 */
export function categoryReport(
  grades: readonly GroupGrade[],
  roles: readonly ModelRole[],
  examples: number,
): CategoryReport | undefined {
  if (grades.length === 0) return undefined;
  const sorted = largestFirst(grades);
  return {
    listed: sorted.slice(0, CATEGORIES).map((one) => reportOf(one, roles)),
    others: othersOf(sorted.slice(CATEGORIES)),
    without: examples - examplesIn(grades),
  };
}

const othersOf = (grades: readonly GroupGrade[]) => ({
  groups: grades.length,
  examples: examplesIn(grades),
});

const examplesIn = (grades: readonly GroupGrade[]): number =>
  grades.reduce((sum, { examples }) => sum + examples, 0);

const reportOf = (
  { label, examples, parts }: GroupGrade,
  roles: readonly ModelRole[],
): GroupReport => ({
  ...{ label, examples },
  values: Object.fromEntries(roles.map((role, index) => [role, shareOf(parts[index]!)])),
});
