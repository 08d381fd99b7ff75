/** How many there are of a class: among the labelled examples, and among the pseudo-labels. */
export interface ClassCount {
  label: string;
  labelled: number;
  /** Of all pseudo-labels. */
  given: number;
  /** Of those that the rule keeps. */
  kept: number;
  selected: number;
}

/** The classes that are counted. */
type Stage = Exclude<keyof ClassCount, 'label'>;

/** Counts by class, of tasks whose answers are of a fixed set of classes, or hold some of one. */
export class ClassCounts {
  readonly #counts: Map<string, ClassCount>;

  constructor(classes: readonly string[]) {
    const none = { labelled: 0, given: 0, kept: 0, selected: 0 };
    this.#counts = new Map(classes.map((label) => [label, { label, ...none }]));
  }

  /** Adds one to these classes; what is none of them does not count. */
  add(stage: Stage, classes: readonly string[]): void {
    for (const label of classes) {
      const counts = this.#counts.get(label);
      if (counts) counts[stage]++;
    }
  }

  /** In the order of the classes. */
  all(): ClassCount[] {
    return [...this.#counts.values()];
  }

  /** So many of them, the most frequent among the selected and the labelled, in their order. */
  foremost(most: number): ClassCount[] {
    const all = this.all();
    const weight = ({ labelled, selected }: ClassCount) => Math.max(labelled, selected);
    const listed = new Set(all.toSorted((a, b) => weight(b) - weight(a)).slice(0, most));
    return all.filter((one) => listed.has(one));
  }
}
