import type { RoundRef } from '../activities/dependencies.ts';
import type { Selection } from '../activities/select.ts';
import type { CalibrationPlan } from '../core/calibrationPlan.ts';
import type { FoldModels } from '../core/gate/foldModels.ts';
import type { ChallengerRole } from '../core/gate/gateReport.ts';
import { isLast } from '../core/living/rounds.ts';
import type { PhaseName } from '../core/phases.ts';
import type { Plan } from '../core/plan.ts';
import type { TrainingSpec } from '../core/spec.ts';
import type { StoredRows } from '../core/trainingRows.ts';
import type { ModelRecord, PerModel, Split } from '../core/types.ts';
import type { Perform } from './activities.ts';
import type { Phases } from './phases.ts';
import { together } from './together.ts';

const SAME_STEPS = 'SFT of equal epochs has as many steps';
const ALL_SEEN = 'the warm-up has learned from all labelled examples';
const NOTHING_NEW = 'that of an earlier round has learned from the same labelled examples';
const NOT_COMPARED = 'the spec compares with SFT of equal epochs alone';
const FEWER_STEPS = 'the final fine-tune has fewer steps than one pass over the labelled examples';

/** A fine-tune. */
export interface Job {
  role: ModelRecord['role'];
  /** The one that is tuned. */
  model: string;
  rows: StoredRows;
  /** Where it differs from the warm-up's. */
  training?: Partial<TrainingSpec>;
  /** How often the same was done before: each time with another seed. */
  again?: number;
}

/** What of a round they go by. */
export interface FinalInput {
  plan: Plan;
  round: number;
  champion: string;
  /** SFT of the rounds before, where it has learned from the very labelled examples of this one. */
  sft?: string;
  counts: Record<Split, number>;
  struck: Record<Split, number>;
}

/** What a round has come to before its final fine-tunes. */
export interface BeforeFinal {
  /** Without what is held out. */
  ref: RoundRef;
  /** With it. */
  whole: RoundRef;
  heldOut: CalibrationPlan | undefined;
  firstWarmUp: string;
  selection: Pick<Selection, 'steps'>;
}

/** What a round does them with. */
export interface FinalSteps {
  perform: Perform;
  phases: Phases;
  /** Fine-tunes the model of a phase. @returns its name */
  train(phase: PhaseName, job: Job): Promise<string>;
  /** Fine-tunes models in a phase, one after the other. @returns their names */
  trainAll(phase: PhaseName, jobs: readonly Job[]): Promise<string[]>;
}

/** The models that a round compares. */
export interface FinalModels {
  models: PerModel<string>;
  /** Who is asked for each when it is graded: itself, or, on labelled examples, those that stand for it. */
  graded: PerModel<string | FoldModels>;
  foldModels?: FoldModels[];
}

/**
 * The final fine-tune, and the SFT models that it is compared with. Where labelled examples grade them,
 * each is made again without each fold of these: what has learned from an example is no judge of it.
 */
export async function finalFineTunes(
  input: FinalInput,
  { ref, whole, heldOut, firstWarmUp, selection }: BeforeFinal,
  { perform, phases, train, trainAll }: FinalSteps,
): Promise<FinalModels> {
  const { plan, counts, champion, struck } = input;
  const { name: base } = plan.model;
  const { from, labelledWeight: times, ...evolve } = plan.evolve;
  const start = from === 'base' ? base : firstWarmUp;
  // What calibrates later rounds, too, stays unseen until the last.
  const keepsOut = heldOut?.isOfEveryRound && !isLast(plan, input.round);
  const labelledRows = counts.labelled - struck.labelled;
  const learnedRows = labelledRows - (keepsOut ? heldOut.rows : 0);
  const evolving: Job = {
    ...{ role: 'semievol', model: start, training: evolve },
    rows: { from: 'labelled-and-selected', ref: keepsOut ? ref : whole, times },
  };
  /** SFT of equal epochs: the base on all labelled examples, as the final fine-tune. */
  const simple: Job = {
    role: 'sft',
    model: base,
    rows: { from: 'labelled', ref: whole, times: 1 },
  };
  const longer = sftOfEqualSteps(1);

  const [semievol, sft, baseline, ofFolds] = await together(() => [
    train('fine-tune', evolving),
    trainSft(),
    trainBaseline(),
    trainFolds(),
  ]);
  const trained = { sft, ...(baseline && { 'sft-steps': baseline }), semievol };
  const earlier = champion !== base && { champion };
  const models = { vanilla: base, ...earlier, ...trained };
  if (!ofFolds) return { models, graded: models };
  const known = await knownFolds();
  const standFor = (role: ChallengerRole, folds: string[]): FoldModels => ({
    model: trained[role]!,
    folds,
  });
  const longest = ofFolds['sft-steps'];
  const standing = {
    sft: standFor('sft', known.sft ?? ofFolds.sft),
    ...(longest && { 'sft-steps': standFor('sft-steps', longest) }),
    semievol: standFor('semievol', ofFolds.semievol),
  };
  const before = known.champion && { champion: { model: champion, folds: known.champion } };
  return {
    models,
    graded: { vanilla: base, ...before, ...standing },
    foldModels: Object.values(standing),
  };

  async function trainSft(): Promise<string> {
    const known = input.sft ?? (!heldOut && champion === base ? firstWarmUp : undefined);
    if (!known) return train('sft', simple);
    phases.skip('sft', input.sft ? NOTHING_NEW : ALL_SEEN);
    return known;
  }

  async function trainBaseline(): Promise<string | undefined> {
    if (typeof longer !== 'string') return train('baseline', longer);
    phases.skip('baseline', longer);
    return undefined;
  }

  /**
   * SFT's fair chance: from where SemiEvol's final fine-tune starts, and trained as that is, as many
   * steps on the labelled rows alone. They are repeated in the file, since providers bound the number
   * of epochs.
   * @param share of the labelled rows
   * @returns why there is none, where there is none
   */
  function sftOfEqualSteps(share: number): Job | string {
    if (plan.sft === 'equal-epochs') return NOT_COMPARED;
    const { rows: selectedRows, keptRows } = selection.steps;
    const rows = learnedRows * share * times + selectedRows + keptRows;
    const passes = rows * (evolve.epochs ?? plan.training.epochs);
    const repeats = Math.round(passes / (labelledRows * share * plan.training.epochs));
    const { batchSize, learningRateMultiplier } = { ...plan.training, ...evolve };
    const isSame =
      start === base &&
      repeats === 1 &&
      batchSize === plan.training.batchSize &&
      learningRateMultiplier === plan.training.learningRateMultiplier;
    if (repeats === 0) return FEWER_STEPS;
    if (isSame) return SAME_STEPS;
    return {
      ...{ role: 'sft-steps', model: start },
      rows: { from: 'labelled', ref: whole, times: repeats },
      training: { ...evolve, epochs: plan.training.epochs },
    };
  }

  /** The same without each fold, where labelled examples grade; of SFT only where it is new. */
  async function trainFolds() {
    const { folds } = plan;
    if (folds === undefined) return undefined;
    const without = (phase: PhaseName, job: Job) =>
      trainAll(
        phase,
        Array.from(
          { length: folds },
          (_, fold): Job => ({
            ...job,
            role: `${job.role as ChallengerRole}-fold-${fold + 1}`,
            rows: { ...job.rows, withoutFold: { fold, of: folds } },
            again: fold,
          }),
        ),
      );
    const ofLonger = sftOfEqualSteps((folds - 1) / folds);
    const reason = [longer, ofLonger].find((one) => typeof one === 'string');
    if (input.sft) phases.skip('sft-folds', NOTHING_NEW);
    if (reason !== undefined) phases.skip('baseline-folds', reason);
    const [semievol, sft, baseline] = await together(() => [
      without('fine-tune-folds', evolving),
      input.sft ? Promise.resolve([]) : without('sft-folds', simple),
      typeof ofLonger === 'string' || reason !== undefined
        ? Promise.resolve([])
        : without('baseline-folds', ofLonger),
    ]);
    return { semievol, sft, ...(baseline.length > 0 && { 'sft-steps': baseline }) };
  }

  /** The models of folds that earlier rounds have made. */
  async function knownFolds(): Promise<{ champion?: string[]; sft?: string[] }> {
    const roles = [
      ...(champion === base ? [] : [['champion', champion] as const]),
      ...(input.sft ? [['sft', input.sft] as const] : []),
    ];
    if (roles.length === 0) return {};
    const found = await perform.foldModels(
      { ...whole, models: roles.map(([, model]) => model) },
      'who stands for the models of earlier rounds',
    );
    return Object.fromEntries(roles.map(([role], index) => [role, found[index]!]));
  }
}
