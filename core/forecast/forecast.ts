import { type CalibrationPlan, calibrating } from '../calibrationPlan.ts';
import { planOf } from '../plan.ts';
import { type Asked, Requests } from './asked.ts';
import { previewsOf } from './previews.ts';
import type { PlannedUse, Preview, Prospect } from './prospect.ts';
import { kindsOf, usesInRound } from './round.ts';
import { Sizes } from './sizes.ts';

/** What a run is going to use, and what it is going to say. */
export interface Forecast {
  uses: PlannedUse[];
  previews: Preview[];
  /** The kinds of requests that it sends. */
  kinds: Asked[];
}

/**
 * What a run will use, phase by phase, by the very prompts that it sends, on a sample of its data.
 * What the store has already is not looked at, so that a run which goes on uses less. Of a run without
 * end it is the first round.
 */
export function forecastOf(prospect: Prospect): Forecast {
  const plan = planOf(prospect.spec);
  const requests = new Requests(prospect);
  const sizes = new Sizes(prospect, requests);
  const calibration = calibrationOf(prospect);
  const rounds = Array.from({ length: plan.rounds ?? 1 }, (_, index) => index + 1);
  const kinds = kindsOf(plan, prospect.spec, requests);
  return {
    uses: rounds.flatMap((round) =>
      usesInRound({ plan, requests, sizes, calibration, prospect }, round),
    ),
    previews: previewsOf(prospect, requests, kinds),
    kinds,
  };
}

/** Which labelled examples calibrate, by their number alone. */
function calibrationOf({ spec, task, needs, samples }: Prospect): CalibrationPlan | undefined {
  const { count } = samples.labelled;
  const isJudged = task.judge !== undefined;
  const found = calibrating(needs, spec.selection, { count, isJudged });
  if (!('rows' in found)) return undefined;
  // Places follow from ids: how many lie below one is all that counts here.
  return { ...found, below: found.rows / count, isOfEveryRound: needs.rule > 0 };
}
