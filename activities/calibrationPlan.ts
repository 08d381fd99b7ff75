import { type CalibrationPlan, calibrating } from '../core/calibrationPlan.ts';
import { finalFailure } from '../core/failures.ts';
import { placeBelow, placeOf } from '../core/folds.ts';
import type { Registry } from '../core/registry.ts';
import { neighboursNeeded } from '../core/shots.ts';
import type { RunSpec } from '../core/spec.ts';
import type { Dataset } from '../store/dataset.ts';

/**
 * Which of the labelled examples calibrate the selection of a run; undefined where none do.
 * @throws ApplicationFailure `DataError`, non-retryable, where there are too few of them
 */
export async function calibrationPlan(
  spec: RunSpec,
  dataset: Dataset,
  registry: Registry,
): Promise<CalibrationPlan | undefined> {
  const { needs } = registry.selector(spec.selection);
  const count = await dataset.count('labelled');
  const isJudged = registry.task(spec.task).judge !== undefined;
  const found = calibrating(needs, spec.selection, { count, isJudged });
  if ('problem' in found) throw finalFailure('DataError', found.problem);
  if ('reason' in found) return undefined;
  const { from, rows, choosing } = found;
  const left = count - rows;
  const wanted = neighboursNeeded(spec);
  if (from === 'held-out' && wanted > left)
    throw finalFailure(
      'DataError',
      `the collaborators want ${wanted} neighbours, but ${left} labelled examples are left where ${rows} are held out: lower selection.share, shots, skip or neighbours, or label more`,
    );
  const places = new Float64Array(count);
  for await (const example of dataset.scan('labelled')) places[example.ordinal] = placeOf(example);
  places.sort();
  return {
    ...{ from, rows, isOfEveryRound: needs.rule > 0 },
    below: placeBelow(places, rows),
    choosing: choosing === 0 ? 0 : placeBelow(places, choosing),
  };
}
