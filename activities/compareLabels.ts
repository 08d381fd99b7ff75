import {
  type GradedLabel,
  type LabelledClasses,
  type LabelQuality,
  labelQuality,
} from '../core/grid/labels.ts';
import { ranges } from '../core/range.ts';
import { WAYS, type Way } from '../core/resolution.ts';
import { SCORES } from '../core/selection/scores/index.ts';
import type { RoundContext } from './dependencies.ts';
import { storedVerdicts } from './verdicts.ts';

/** Examples whose answers are read at once. */
const PAGE = 2_048;

/**
 * What the labels of a round's unlabelled examples are worth, by each way to resolve disagreement
 * and each score, as far as they have gold answers: of what is stored, without asking or training.
 * Justification is looked at where it was asked for; scores that learn from labelled examples are in
 * the round's report.
 */
export async function compareLabels(
  context: RoundContext,
  ref: { run: string; round: number; dataset: string },
): Promise<LabelQuality[]> {
  const { dataset, tables, task } = context;
  if (task.judge) return []; // who is not asked about pseudo-labels
  const { round } = ref;
  const [report] = (await tables.reports()).filter((one) => one.round === round);
  const ways = WAYS.filter((way) => way !== 'justify' || report?.resolution.way === 'justify');
  const labels = new Map<Way, GradedLabel[]>(ways.map((way) => [way, []]));
  for (const range of ranges(await dataset.count('unlabelled'), PAGE)) {
    const examples = await dataset.range('unlabelled', range);
    const verdictOn = await storedVerdicts(context, { ...ref, range, pass: 'propagate' });
    for (const example of examples) {
      if (example.answer === undefined) continue;
      for (const [way, of] of labels) {
        const verdict = verdictOn(example, way);
        const [first] = task.grade(verdict.label, example);
        of.push({ verdict, right: first!.of > 0 && first!.got === first!.of });
      }
    }
  }
  const known = await classesOf(context);
  return ways.flatMap((way) =>
    labels.get(way)!.length === 0
      ? []
      : SCORES.filter(({ fit }) => !fit)
          .map((score) => labelQuality(way, labels.get(way)!, score, known))
          .filter(({ of }) => of > 0),
  );
}

/** The classes of a task whose answers can be balanced. */
async function classesOf({ dataset, task }: RoundContext): Promise<LabelledClasses | undefined> {
  const { classes, classesOf } = task;
  if (classes === null || classesOf) return undefined;
  const counts = new Map(classes.map((label) => [label, 0]));
  for await (const { answer } of dataset.scan('labelled'))
    counts.set(answer!, (counts.get(answer!) ?? 0) + 1);
  return { classes, labelled: classes.map((label) => counts.get(label)!) };
}
