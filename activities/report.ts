import type { RunSpec } from '../core/spec.ts';
import { mcnemar, wilson } from '../core/statistics.ts';
import type { ModelRole, PerModel, RoundReport, Usage } from '../core/types.ts';
import { costOf } from '../providers/pricing.ts';
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
  const tokens = await tables.spend(input.round);
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
      threshold: selection.threshold.cutoff,
      rule: `${selection.threshold.rule} ${selection.threshold.percentile}`,
    },
    promoted,
    models: {
      warmUp: models.warmUp,
      semievol: models.semievol,
      champion: promoted ? models.semievol : models.base,
    },
    seconds: input.seconds,
    tokens,
    cost: cost(tokens, spec, dependencies),
  };
}

/** Tuned models are priced as the model they come from. */
function cost(
  tokens: Record<string, Usage>,
  { model, embedding }: RunSpec,
  { endpoints }: Dependencies,
): number | null {
  let sum = 0;
  for (const [phase, usage] of Object.entries(tokens)) {
    const { endpoint, name } = phase === 'embed' ? embedding : model;
    const price = endpoints.get(endpoint).config.prices[name];
    if (!price) return null;
    sum += costOf(usage, price);
  }
  return sum;
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
      const aRight = task.grade(answer.parsed, example);
      const bRight = task.grade(otherOf.get(answer.ordinal)?.parsed ?? null, example);
      if (aRight && !bRight) counts.aOnly++;
      if (bRight && !aRight) counts.bOnly++;
    });
  }
  return counts;
}
