import { type Sums, sumsFor } from '../core/comparison.ts';
import { type Group, throughGate } from '../core/gate/gate.ts';
import { type GateReport, GROUPS, type GroupKind } from '../core/gate/gateReport.ts';
import type { GradedSplit } from '../core/gate/gradedOn.ts';
import { categoryReport, classReport, GroupGrades } from '../core/gate/groupGrades.ts';
import { ranges } from '../core/range.ts';
import type { MetricReport, RoundReport } from '../core/roundReport.ts';
import { shareOf } from '../core/score.ts';
import { classesIn } from '../core/tasks/classesIn.ts';
import { MODEL_ROLES, type ModelRole, type PerModel } from '../core/types.ts';
import type { RoundContext } from './dependencies.ts';
import { gradesOfModel } from './grading.ts';
import type { Tracker } from './progress.ts';

/** Examples whose answers are graded at once. Bounds the memory. */
const PAGE = 2_048;

export interface ComparisonInput {
  round: number;
  /** Those that have answered the split. */
  models: PerModel<string>;
  split: GradedSplit;
  /** Bound of its ordinals; 0 where nothing was graded. */
  total: number;
}

export interface ComparedModels
  extends Pick<RoundReport, 'metrics' | 'byClass' | 'byCategory' | 'sftBaseline'> {
  /** Not there where nothing was graded. */
  gate?: GateReport;
}

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
  const { sums, groups, examples } = await gradesOf(roles, context, input, tracker);
  await tables.addEvaluations(
    roles.flatMap((role, index) =>
      task.metrics.map(({ name: metric }, place) => ({
        ...{ round, role, model: models[role]!, metric },
        ...sums[place]!.total(index),
      })),
    ),
  );

  const at = (role: ModelRole) => roles.indexOf(role);
  const steps = models['sft-steps'] === undefined ? 'sft' : 'sft-steps';
  const [first] = sums as [Sums, ...Sums[]];
  const share = (role: ModelRole) => shareOf(first.total(at(role)));
  const sft = (share(steps) ?? 0) > (share('sft') ?? 0) ? steps : 'sft';
  const gate = () =>
    throughGate(
      {
        ...{ models, examples, share, sft },
        compare: (one, other) => first.compare(at(one), at(other)),
        groups: GROUPS.flatMap((of) =>
          groups[of]
            .all()
            .map(
              ({ parts, ...one }): Group => ({ of, ...one, partOf: (role) => parts[at(role)]! }),
            ),
        ),
      },
      spec.gate,
      confidence,
    );
  const byClass = classReport(groups.class.all(), roles);
  const byCategory = categoryReport(groups.category.all(), roles, examples);
  return {
    metrics: task.metrics.map(({ name }, place): MetricReport => {
      const of = sums[place]!;
      const estimate = (role: ModelRole) => of.estimate(at(role), confidence);
      return {
        name,
        values: {
          base: estimate('vanilla'),
          ...(models.champion !== undefined && { champion: estimate('champion') }),
          sft: { epochs: estimate('sft'), steps: estimate(steps) },
          semievol: estimate('semievol'),
        },
        comparison: of.compare(at('semievol'), at(sft)),
      };
    }),
    sftBaseline: sft === 'sft' ? 'epochs' : 'steps',
    ...(byClass && { byClass }),
    ...(byCategory && { byCategory }),
    ...(examples > 0 && { gate: gate() }),
  };
}

interface Grades {
  /** For each metric, in the order of the roles. */
  sums: Sums[];
  /** By the first metric; of no class where the task has no fixed set of them. */
  groups: Record<GroupKind, GroupGrades>;
  examples: number;
}

/** What the models got on the split. */
async function gradesOf(
  roles: readonly ModelRole[],
  context: RoundContext,
  { round, split, total }: ComparisonInput,
  tracker: Tracker,
): Promise<Grades> {
  const { dataset, spec, task } = context;
  const size = { models: roles.length, examples: total, seed: spec.seed };
  const sums = task.metrics.map((metric) => sumsFor(metric, size));
  const groups = {
    class: new GroupGrades(roles.length, task.classes ?? []),
    category: new GroupGrades(roles.length),
  };
  let examples = 0;
  for (const range of ranges(total, PAGE)) {
    tracker.signal.throwIfAborted();
    const page = await dataset.range(split, range);
    const grades = await Promise.all(
      roles.map((role) => gradesOfModel(context, page, { round, role, range })),
    );
    for (const [index, { answer, category }] of page.entries()) {
      const gradesBy = (metric: number) => grades.map((ofRole) => ofRole[index]![metric]!);
      for (const [metric, sum] of sums.entries()) sum.add(gradesBy(metric));
      if (task.classes && answer !== undefined)
        groups.class.add(classesIn(answer, task), gradesBy(0));
      if (category !== undefined) groups.category.add([category], gradesBy(0));
      examples++;
    }
  }
  return { sums, groups, examples };
}
