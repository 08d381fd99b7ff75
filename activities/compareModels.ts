import { type Sums, sumsFor } from '../core/comparison.ts';
import { ranges } from '../core/range.ts';
import type { MetricReport, RoundReport } from '../core/roundReport.ts';
import { MODEL_ROLES, type ModelRole, type PerModel } from '../core/types.ts';
import type { RoundContext } from './dependencies.ts';
import { gradesOfModel } from './grading.ts';
import type { Tracker } from './progress.ts';

/** Examples whose answers are graded at once. Bounds the memory. */
const PAGE = 2_048;

export interface ComparisonInput {
  round: number;
  /** Those that have answered the test split. */
  models: PerModel<string>;
  counts: RoundReport['examples'];
}

export type ComparedModels = Pick<RoundReport, 'metrics' | 'sftBaseline' | 'promoted'>;

/** Grades what the models of a round have answered, records it, and compares them by each metric. */
export async function compareModels(
  context: RoundContext,
  input: ComparisonInput,
  tracker: Tracker,
): Promise<ComparedModels> {
  const { spec, tables, task } = context;
  const { round, models } = input;
  const { confidence } = spec.evaluation;
  const roles = MODEL_ROLES.filter((role) => models[role] !== undefined);
  const sums = await sumsOf(roles, context, input, tracker);
  await tables.addEvaluations(
    roles.flatMap((role, index) =>
      task.metrics.map(({ name: metric }, place) => ({
        ...{ round, role, model: models[role]!, metric },
        ...sums[place]!.total(index),
      })),
    ),
  );

  const isAsked = roles.includes('sft-steps');
  const at = (role: ModelRole) => roles.indexOf(role);
  const [base, semievol, epochs] = [at('vanilla'), at('semievol'), at('sft')];
  const steps = isAsked ? at('sft-steps') : epochs;
  const first = sums[0]!;
  const share = (index: number) => first.estimate(index, confidence).value ?? 0;
  const sftBaseline = share(steps) > share(epochs) ? 'steps' : 'epochs';
  const isSure = first.compare(semievol, base).pValue <= 1 - confidence;
  return {
    metrics: task.metrics.map(({ name }, place): MetricReport => {
      const estimate = (index: number) => sums[place]!.estimate(index, confidence);
      return {
        name,
        values: {
          base: estimate(base),
          sft: { epochs: estimate(epochs), steps: estimate(steps) },
          semievol: estimate(semievol),
        },
        comparison: sums[place]!.compare(semievol, sftBaseline === 'steps' ? steps : epochs),
      };
    }),
    sftBaseline,
    promoted: isSure && share(semievol) > share(base),
  };
}

/** What the models got on the test split: sums for each metric, in the order of the roles. */
async function sumsOf(
  roles: readonly ModelRole[],
  context: RoundContext,
  { round, counts }: ComparisonInput,
  tracker: Tracker,
): Promise<Sums[]> {
  const { dataset, spec, task } = context;
  const size = { models: roles.length, examples: counts.test, seed: spec.seed };
  const sums = task.metrics.map((metric) => sumsFor(metric, size));
  for (const range of ranges(counts.test, PAGE)) {
    tracker.signal.throwIfAborted();
    const examples = await dataset.range('test', range);
    const grades = await Promise.all(
      roles.map((role) => gradesOfModel(context, examples, { round, role, range })),
    );
    for (const [place, sum] of sums.entries())
      examples.forEach((_, index) => {
        sum.add(grades.map((ofRole) => ofRole[index]![place]!));
      });
  }
  return sums;
}
