import type { AnswerStage } from '../core/answer.ts';
import type { FoldModels } from '../core/gate/foldModels.ts';
import { championRole, withoutCategories } from '../core/gate/gate.ts';
import { gradedSplitOf, gradingFolds } from '../core/gate/gradedOn.ts';
import type { Resolution } from '../core/resolution.ts';
import type { AuditFigures, RoundReport } from '../core/roundReport.ts';
import type { AnswerTally } from '../core/tally.ts';
import { haveEntropy } from '../core/tally.ts';
import type { ModelRole, PerModel } from '../core/types.ts';
import type { ModelUsage } from '../core/usage.ts';
import { billed } from '../providers/pricing.ts';
import { checkJudge } from './checkJudge.ts';
import { type ComparedModels, compareModels } from './compareModels.ts';
import { type Dependencies, openRound, type RoundContext, type RoundRef } from './dependencies.ts';
import { tracked } from './progress.ts';
import type { Selection } from './select.ts';

export interface ReportInput extends RoundRef {
  /** Bounds of the ordinals of each split. */
  counts: RoundReport['examples'];
  /** How many of these are struck out. */
  struck: RoundReport['examples'];
  models: PerModel<string>;
  warmUp: string;
  /** Those that stand for them on labelled examples, where there is no test split. */
  foldModels?: FoldModels[];
  resolution: Resolution;
  selection: Selection;
  /** Of gold answers, where the round has made one. */
  audit?: AuditFigures;
  seconds: Record<string, number>;
}

export function createReport(dependencies: Dependencies) {
  return {
    /**
     * Puts a round's figures together, and says by the first metric and its test on the test split
     * which model of the round takes the champion's place, if any does. The report that the store
     * keeps is the round's: of several attempts the first. Names of categories are there alone.
     */
    async report(input: ReportInput): Promise<RoundReport> {
      const judge = await checkJudge(dependencies, input, Object.values(input.models));
      return tracked({ total: 1, unit: 'reports' }, async (tracker) => {
        const context = await openRound(dependencies, input);
        const isGraded = context.spec.until === 'report';
        const split = gradedSplitOf(context.spec);
        const total = isGraded ? input.counts[split] : 0;
        const compared = await compareModels(context, { ...input, split, total }, tracker);
        const report = await roundReport(dependencies, context, input, compared);
        const { byCategory: _, ...kept } = await context.tables.addReport({
          ...report,
          ...(judge && { judge }),
        });
        return { ...kept, ...(kept.gate && { gate: withoutCategories(kept.gate) }) };
      });
    },
  };
}

async function roundReport(
  dependencies: Dependencies,
  context: RoundContext,
  input: ReportInput,
  { gate, ...compared }: ComparedModels,
): Promise<RoundReport> {
  const { spec, tables } = context;
  const { confidence } = spec.evaluation;
  const { selection, models, counts, struck } = input;
  const promoted = gate?.verdict === 'promote';
  return {
    run: input.run,
    round: input.round,
    dataset: input.dataset,
    task: spec.task.type,
    model: spec.model.name,
    seed: spec.seed,
    examples: {
      labelled: counts.labelled - struck.labelled,
      unlabelled: counts.unlabelled - struck.unlabelled,
      test: counts.test - struck.test,
    },
    confidence,
    ...(gradingFolds(spec) !== undefined && { estimate: 'cross-fitted' as const }),
    ...compared,
    resolution: input.resolution,
    pseudoLabels: {
      ...selection.quality,
      count: selection.selected,
      steps: selection.steps,
      withoutScore: selection.withoutScore,
      agreement: selection.agreed / selection.steps.asked,
      choice: selection.choice,
      threshold: selection.threshold,
      rule: context.selector.by(selection.choice).describe(selection.threshold),
      entropyOf: haveEntropy(selection.answers) ? 'answers' : 'votes',
      classes: selection.classes,
      ...(selection.calibration && { calibration: selection.calibration }),
      ...(selection.againstGold && { againstGold: selection.againstGold }),
    },
    ...(input.audit && { audit: input.audit }),
    answers: [...selection.answers, ...(await otherTallies(context, input))],
    withoutVector: await withoutVector(context, input),
    ...(gate && { gate }),
    promoted,
    models: {
      warmUp: input.warmUp,
      sft: models.sft,
      semievol: models.semievol,
      champion: promoted ? gate.challenger.model : models[championRole(models)]!,
    },
    ...(input.foldModels && { foldModels: input.foldModels }),
    seconds: input.seconds,
    ...(await priced(await tables.spend(input.round), dependencies)),
  };
}

async function withoutVector(
  { dataset, spec }: RoundContext,
  { counts }: ReportInput,
): Promise<number> {
  const missing = (['labelled', 'unlabelled'] as const).map((split) =>
    dataset.withoutVector(spec.embedding.name, split, { from: 0, to: counts[split] }),
  );
  return (await Promise.all(missing)).reduce((sum, { size }) => sum + size, 0);
}

/** What became of the justifications, of the answers of the evaluated models, and of a judge's. */
async function otherTallies(
  { tables }: RoundContext,
  { round, models }: ReportInput,
): Promise<AnswerTally[]> {
  const roles = Object.keys(models) as ModelRole[];
  const ofRoles = roles.flatMap((role) => [`evaluate-${role}`, `judge-${role}`] as const);
  const ofLabelled = [
    ...(['cross-fit', 'cross-fit-justify', 'held-out', 'held-out-justify'] as const),
  ];
  const stages: AnswerStage[] = [...ofLabelled, 'group', 'justify', ...ofRoles];
  const tallies = await Promise.all(stages.map((stage) => tables.tally({ round, stage })));
  return tallies.flat();
}

async function priced(
  usage: ModelUsage[],
  { store, endpoints }: Dependencies,
): Promise<Pick<RoundReport, 'usage' | 'bill'>> {
  const rooted = usage.map(async (one) => ({ ...one, root: await store.models.rootOf(one) }));
  return billed(await Promise.all(rooted), (endpoint) => endpoints.get(endpoint).config.prices);
}
