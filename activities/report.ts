import type { AnswerStage } from '../core/answer.ts';
import type { RoundReport } from '../core/roundReport.ts';
import { mcnemar, wilson } from '../core/statistics.ts';
import type { AnswerTally } from '../core/tally.ts';
import { haveEntropy } from '../core/tally.ts';
import type { ModelRole, PerModel } from '../core/types.ts';
import type { Bill, ModelUsage } from '../core/usage.ts';
import { billOf } from '../providers/pricing.ts';
import { type Dependencies, openRound, type RoundContext, type RoundRef } from './dependencies.ts';
import type { ModelScore } from './evaluate.ts';
import { tracked } from './progress.ts';
import type { Score, Selection } from './select.ts';

export interface ReportInput extends RoundRef {
  counts: RoundReport['examples'];
  models: { base: string; warmUp: string; semievol: string };
  scores: PerModel<ModelScore>;
  selection: Selection;
  seconds: Record<string, number>;
}

export function createReport(dependencies: Dependencies) {
  return {
    /**
     * Puts a round's figures together, and decides by McNemar's test on the test split whether
     * the new model takes the champion's (the round's base model's) place. The report that the store
     * keeps is the round's: of several attempts the first.
     */
    async report(input: ReportInput): Promise<RoundReport> {
      return tracked({ total: 1, unit: 'reports' }, async () => {
        const context = await openRound(dependencies, input);
        return context.tables.addReport(await roundReport(dependencies, context, input));
      });
    },
  };
}

async function roundReport(
  dependencies: Dependencies,
  context: RoundContext,
  input: ReportInput,
): Promise<RoundReport> {
  const { spec, tables } = context;
  const usage = await tables.spend(input.round);
  const { confidence } = spec.evaluation;
  const { scores, selection, models } = input;
  const proportion = (score: Score) => wilson(score.correct, score.total, confidence);

  const steps = scores['sft-steps'] ?? scores.sft;
  const sftBaseline = steps.correct > scores.sft.correct ? 'steps' : 'epochs';
  const sftRole = sftBaseline === 'steps' ? 'sft-steps' : 'sft';
  const againstSft = await paired(context, input.round, 'semievol', sftRole);
  const againstBase = await paired(context, input.round, 'semievol', 'vanilla');
  const promoted =
    againstBase.aOnly > againstBase.bOnly &&
    mcnemar(againstBase.aOnly, againstBase.bOnly).pValue <= 1 - confidence;

  for (const [role, score] of Object.entries(scores))
    await tables.addEvaluation({
      round: input.round,
      role: role as ModelRole,
      ...score,
    });
  return {
    run: input.run,
    round: input.round,
    dataset: input.dataset,
    task: spec.task.type,
    model: spec.model.name,
    seed: spec.seed,
    examples: input.counts,
    confidence,
    accuracy: {
      vanilla: proportion(scores.vanilla),
      sft: proportion(sftBaseline === 'steps' ? steps : scores.sft),
      semievol: proportion(scores.semievol),
    },
    sftBaseline,
    sftVariants: { epochs: proportion(scores.sft), steps: proportion(steps) },
    mcnemar: {
      semievolOnly: againstSft.aOnly,
      sftOnly: againstSft.bOnly,
      ...mcnemar(againstSft.aOnly, againstSft.bOnly),
    },
    pseudoLabels: {
      all: proportion(selection.accuracy.all),
      selected: proportion(selection.accuracy.selected),
      count: selection.selected,
      agreement: selection.agreed / input.counts.unlabelled,
      threshold: selection.threshold,
      rule: context.selector.describe(selection.threshold),
      entropyOf: haveEntropy(selection.answers) ? 'answers' : 'votes',
      classes: selection.classes,
    },
    answers: [...selection.answers, ...(await otherTallies(context, input))],
    withoutVector: await withoutVector(context, input),
    promoted,
    models: {
      warmUp: models.warmUp,
      semievol: models.semievol,
      champion: promoted ? models.semievol : models.base,
    },
    seconds: input.seconds,
    usage,
    bill: await priced(usage, dependencies),
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

/** What became of the justifications, and of the answers of the evaluated models. */
async function otherTallies(
  { tables }: RoundContext,
  { round, scores }: ReportInput,
): Promise<AnswerTally[]> {
  const roles = Object.keys(scores) as ModelRole[];
  const stages: AnswerStage[] = ['justify', ...roles.map((role) => `evaluate-${role}` as const)];
  const tallies = await Promise.all(stages.map((stage) => tables.tally({ round, stage })));
  return tallies.flat();
}

/** A tuned model is priced as the one it goes back to. */
async function priced(usage: ModelUsage[], { store, endpoints }: Dependencies): Promise<Bill> {
  const ofBases = usage.map(async (one) => ({
    ...one,
    model: await store.models.rootOf(one),
  }));
  return billOf(await Promise.all(ofBases), (endpoint) => endpoints.get(endpoint).config.prices);
}

/** On how many test examples only the one, or only the other, was right. */
async function paired(
  { tables, dataset, task }: RoundContext,
  round: number,
  a: ModelRole,
  b: ModelRole,
): Promise<{ aOnly: number; bOnly: number }> {
  const counts = { aOnly: 0, bOnly: 0 };
  for await (const batch of tables.scanAnswers({ round, stage: `evaluate-${a}` })) {
    // A batch is not sorted within.
    const ordinals = batch.map((answer) => answer.ordinal);
    const examples = await dataset.at('test', ordinals);
    const range = { from: Math.min(...ordinals), to: Math.max(...ordinals) + 1 };
    const others = await tables.answers({ round, stage: `evaluate-${b}`, range });
    const otherOf = new Map(others.map((answer) => [answer.ordinal, answer]));
    batch.forEach((answer, index) => {
      const example = examples[index]!;
      const aRight = task.grade(answer.parsed, example)[0]!.got > 0;
      const bRight = task.grade(otherOf.get(answer.ordinal)?.parsed ?? null, example)[0]!.got > 0;
      if (aRight && !bRight) counts.aOnly++;
      if (bRight && !aRight) counts.bOnly++;
    });
  }
  return counts;
}
