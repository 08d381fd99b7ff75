import type { RoundModels } from '../activities/collaborate.ts';
import type { RoundRef } from '../activities/dependencies.ts';
import type { CalibrationRef } from '../activities/trust.ts';
import type { CalibrationPlan } from '../core/calibrationPlan.ts';
import { isCrossFitted } from '../core/crossFitting.ts';
import { FOLDS } from '../core/folds.ts';
import type { Pass } from '../core/passes.ts';
import type { Plan } from '../core/plan.ts';
import {
  bestWay,
  notCompared,
  type Resolution,
  type Way,
  wayWithoutComparison,
} from '../core/resolution.ts';
import type { PhaseStatus } from '../core/status.ts';
import type { StoredRows } from '../core/trainingRows.ts';
import type { Split } from '../core/types.ts';
import type { Perform } from './activities.ts';
import type { Phases } from './phases.ts';
import { together } from './together.ts';

const SEEN = 'as in the first round, before the model had seen the labelled examples';

/** What of a round it goes by. */
export interface LabelledInput {
  plan: Plan;
  counts: Record<Split, number>;
  /** How the rounds before have resolved disagreement. */
  way?: Way;
}

/** What a round does it with. */
export interface LabelledSteps {
  perform: Perform;
  phases: Phases;
  /** Fine-tunes the base for a fold, as often as there are warm-ups. @returns the names in their order */
  trainFold(phase: 'fold-1' | 'fold-2', rows: StoredRows): Promise<string[]>;
  /** Lets the collaborators answer a split. */
  pass(name: Pass, models: RoundModels, way: Way, phase: PhaseStatus): Promise<void>;
}

/** What labelled examples tell that were answered by models which had not seen them. */
export interface Learned {
  resolution: Resolution;
  /** Where they can be found; left out where none were answered. */
  calibration?: CalibrationRef;
}

/**
 * Lets the collaborators answer labelled examples that their models have not seen, to find out how to
 * resolve disagreement (with `auto` and enough of them), and how far answers can be trusted: by
 * cross-fitting, or those that are held out.
 * @param calibration what this round is to calibrate by
 */
export async function labelledPasses(
  input: LabelledInput,
  ref: RoundRef,
  { models, calibration }: { models: RoundModels; calibration: CalibrationPlan | undefined },
  steps: LabelledSteps,
): Promise<Learned> {
  const { plan, counts } = input;
  const { perform, phases, pass } = steps;
  const heldOut = calibration?.from === 'held-out' ? calibration.rows : 0;
  const learning = counts.labelled - heldOut;
  const reason = notCompared(plan, learning) ?? (input.way && SEEN);
  const resolution = await resolve();
  if (heldOut > 0)
    await phases.run('held-out', (phase) => pass('held-out', models, resolution.way, phase));
  else phases.skip('held-out', 'no labelled examples are held out');

  const { way } = resolution;
  if (calibration) {
    const { from, choosing } = calibration;
    return { resolution, calibration: { from, choosing, way } };
  }
  const crossFitted = { from: 'cross-fit', choosing: 0, way } as const;
  return { resolution, ...(resolution.compared && { calibration: crossFitted }) };

  async function resolve(): Promise<Resolution> {
    const given = reason !== undefined && { way: input.way ?? wayWithoutComparison(plan), reason };
    const fitted = { isFirst: !input.way, learning, calibration: calibration?.from };
    if (given && !isCrossFitted(plan, fitted)) {
      skipFolds('nothing is cross-fitted');
      phases.skip('cross-fit', given.reason);
      return given;
    }
    const ofFolds = { ...models, ...(await trainFolds()) };
    return phases.run('cross-fit', async (phase) => {
      await pass('cross-fit', ofFolds, given ? given.way : 'justify', phase);
      if (given) return given;
      const compared = await perform.compareWays(ref, 'compare the ways to resolve disagreement');
      return { way: bestWay(compared.values), compared };
    });
  }

  function skipFolds(why: string): void {
    phases.skip('fold-1', why);
    phases.skip('fold-2', why);
  }

  /** Warm-ups for each fold, which have not seen it. @returns their names; none where none is asked */
  async function trainFolds(): Promise<Partial<RoundModels>> {
    const without = (fold: number) =>
      ({ from: 'labelled', ref, times: 1, withoutFold: { fold, of: FOLDS } }) as const;
    if (plan.asksWarmUp) {
      const tuned = await together(() => [
        steps.trainFold('fold-1', without(0)),
        steps.trainFold('fold-2', without(1)),
      ]);
      return Object.fromEntries(
        plan.warmUps.map((name, index) => [name, tuned.map((ofFold) => ofFold[index]!)]),
      );
    }
    skipFolds('no collaborator is the warm-up');
    return {};
  }
}
