import { setImmediate } from 'node:timers/promises';
import { CrossFitted, type Lesson, mayLearn } from '../core/coTraining/crossFitted.ts';
import { finalFailure } from '../core/failures.ts';
import { isHeldOut, placeOf } from '../core/folds.ts';
import { ranges, rangesIn } from '../core/range.ts';
import type { Way } from '../core/resolution.ts';
import type { OrdinalRange, Split } from '../core/types.ts';
import { examplesOf } from './asking.ts';
import { type Dependencies, openRound, type RoundContext, type RoundRef } from './dependencies.ts';
import { type Tracker, tracked } from './progress.ts';
import { storedPseudoLabels, storedVerdicts } from './verdicts.ts';

/** Examples that are read at once. Bounds the memory. */
const PAGE = 2_048;
/** Unlabelled examples that the classifiers learn from, drawn by lot. Bounds memory and time. */
const MOST_LEARNED = 5_000;

export interface CoTrainInput extends RoundRef {
  /** How disagreement is resolved. */
  way: Way;
  /** The ordinals among which are all that the collaborators have answered. */
  range: OrdinalRange;
}

export function createCoTrain(dependencies: Dependencies) {
  return {
    /**
     * Makes the pseudo-labels of a round from what the collaborators answered and a second view of
     * each example: a classifier over embeddings that learned from the labelled examples and from what
     * the collaborators made of others. The view of labelled examples is kept, too, for those that
     * calibrate. Of several attempts the labels are the same.
     */
    async coTrain(input: CoTrainInput): Promise<void> {
      const context = await openRound(dependencies, input);
      const total = input.range.to - input.range.from;
      await tracked({ total, unit: 'examples' }, async (tracker) => {
        const lessons = [
          ...(await labelledLessons(context, input)),
          ...(await unlabelledLessons(context, input, tracker)),
        ];
        if (!mayLearn(lessons))
          throw finalFailure(
            'DataError',
            `the embeddings of ${lessons.length} labelled and answered examples are too few to learn from: set coTraining to false, or label more`,
          );
        const classes = context.task.classes!.length;
        const views = await CrossFitted.learn(lessons, classes, async () => {
          tracker.signal.throwIfAborted();
          await setImmediate(); // heartbeats go out between steps
        });
        const labelled = await context.dataset.count('labelled');
        for (const range of ranges(labelled, PAGE))
          await storeViews(context, input, { views, split: 'labelled', range });
        for (const range of rangesIn(input.range, PAGE)) {
          tracker.signal.throwIfAborted();
          const passRef = { ...input, range, pass: 'propagate' } as const;
          await storeViews(context, input, { views, split: 'unlabelled', range });
          const labels = await storedPseudoLabels(context, passRef, input.way);
          await context.tables.addPseudoLabels(labels);
          tracker.add(range.to - range.from);
        }
      });
    },
  };
}

async function labelledLessons(
  { dataset, spec, task }: RoundContext,
  { heldOut }: RoundRef,
): Promise<Lesson[]> {
  const lessons: Lesson[] = [];
  for (const range of ranges(await dataset.count('labelled'), PAGE)) {
    const vectors = await dataset.vectors(spec.embedding.name, 'labelled', range);
    for (const example of await dataset.range('labelled', range)) {
      const { ordinal, answer } = example;
      const vector = vectors.get(ordinal);
      if (vector && !isHeldOut(example, heldOut))
        lessons.push({ ordinal, vector, label: task.classes!.indexOf(answer!), weight: 1 });
    }
  }
  return lessons;
}

/** Each counts as its label is probable. */
async function unlabelledLessons(
  context: RoundContext,
  input: CoTrainInput,
  tracker: Tracker,
): Promise<Lesson[]> {
  const { dataset, spec, task } = context;
  const { way } = input;
  const share = MOST_LEARNED / (input.range.to - input.range.from);
  const lessons: Lesson[] = [];
  for (const range of rangesIn(input.range, PAGE)) {
    tracker.signal.throwIfAborted();
    const vectors = await dataset.vectors(spec.embedding.name, 'unlabelled', range);
    const passRef = { ...input, range, pass: 'propagate' } as const;
    const verdictOn = await storedVerdicts(context, passRef);
    for (const example of await examplesOf(context, passRef)) {
      const { ordinal } = example;
      const vector = vectors.get(ordinal);
      if (!vector || placeOf(example) >= share) continue;
      const { label, probability } = verdictOn(example, way);
      if (label !== null)
        lessons.push({
          ordinal,
          vector,
          label: task.classes!.indexOf(label),
          weight: probability!,
        });
    }
  }
  return lessons;
}

async function storeViews(
  { dataset, spec, tables }: RoundContext,
  { round }: RoundRef,
  { views, split, range }: { views: CrossFitted; split: Split; range: OrdinalRange },
): Promise<void> {
  const vectors = await dataset.vectors(spec.embedding.name, split, range);
  const examples = await dataset.range(split, range);
  await tables.addViews(
    examples.flatMap(({ ordinal, id: exampleId }) => {
      const vector = vectors.get(ordinal);
      if (!vector) return [];
      return { round, split, ordinal, exampleId, shares: Array.from(views.see(ordinal, vector)) };
    }),
  );
}
