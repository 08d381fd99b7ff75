import { percent } from '../report/format.ts';
import type { Estimate } from '../statistics.ts';
import type { Hold, RoundSummary } from '../status.ts';
import type { DriftSpec } from './driftSpec.ts';

/**
 * Why a run has to pause before its next round, if it has: the classes of what was selected lie too
 * far from those of the labelled examples, its audited precision has fallen, or its new models have
 * got worse two rounds running. To be asked once before each round: who resumes the run lets one
 * round go on.
 * @param latest the rounds that ended last, oldest first; three of them tell all
 * @param since epoch milliseconds
 */
export function holdOfDrift(
  run: string,
  latest: readonly RoundSummary[],
  bounds: DriftSpec | undefined,
  since: number,
): Hold | undefined {
  const now = latest.at(-1);
  if (!bounds || !now) return undefined;
  const signs = [
    ofClasses(now, bounds),
    ofPrecision(now, latest.at(-2), bounds),
    ofAccuracy(latest.slice(-3), bounds),
  ].filter((sign) => sign !== undefined);
  if (signs.length === 0) return undefined;
  const remedy = `It may have begun to learn from its own mistakes: see "semievol report ${run}". "semievol rollback ${run}" goes back to an earlier champion, "semievol review ${run}" and "semievol add ${run}" bring labels; "semievol resume ${run}" goes on with the next round`;
  return {
    since,
    why: `after round ${now.round} ${signs.join('; ')}. ${remedy}`,
    warning: 'Drift',
  };
}

function ofClasses({ drift }: RoundSummary, bounds: DriftSpec): string | undefined {
  if (!drift?.classes) return undefined;
  const { distance, byChance } = drift.classes;
  if (distance <= Math.max(bounds.classes, byChance)) return undefined;
  return `the classes of the selected lie ${percent(distance)} from those of the labelled examples (drift.classes allows ${percent(bounds.classes)}, chance alone may do ${percent(byChance)})`;
}

function ofPrecision(
  { drift }: RoundSummary,
  before: RoundSummary | undefined,
  { precisionLoss }: DriftSpec,
): string | undefined {
  const [now, then] = [drift?.precision, before?.drift?.precision];
  if (!now || !then) return undefined;
  const fall = then.value! - now.value!;
  if (fall <= precisionLoss || !isBeyondChance(then, now)) return undefined;
  return `${percent(now.value)} of the kept labels are right by labelled examples, where it was ${percent(then.value)} (drift.precisionLoss allows ${percent(precisionLoss)} less)`;
}

/**
 * Whether the second lies below the first by more than chance may do: the lower limit of their
 * difference is above 0 (R. G. Newcombe, Interval estimation for the difference between independent
 * proportions, Statistics in Medicine 17, 1998, method 10).
 */
function isBeyondChance(first: Estimate, second: Estimate): boolean {
  const limit = Math.hypot(first.value! - first.low!, second.high! - second.value!);
  return first.value! - second.value! > limit;
}

function ofAccuracy(
  rounds: readonly RoundSummary[],
  { accuracyLoss }: DriftSpec,
): string | undefined {
  const values = rounds.map(({ values }) => values.semievol).filter((value) => value !== null);
  const [first, second, third] = values;
  if (first === undefined || second === undefined || third === undefined) return undefined;
  if (!(first > second && second > third) || first - third <= accuracyLoss) return undefined;
  const metric = rounds[0]!.metric;
  return `the new models have got worse two rounds running: ${metric} ${values.map(percent).join(', ')} (drift.accuracyLoss allows ${percent(accuracyLoss)} less)`;
}
