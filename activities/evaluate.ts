import type { ModelRole, OrdinalRange } from '../core/types.ts';
import { askMissing } from './asking.ts';
import { type Dependencies, openRound, type RoundRef } from './dependencies.ts';
import { tracked } from './progress.ts';
import type { Score } from './select.ts';

export interface EvaluateInput extends RoundRef {
  role: ModelRole;
  model: string;
  range: OrdinalRange;
}

export function createEvaluate(dependencies: Dependencies) {
  return {
    /** Asks a model a range of the test split, greedily and without shots, and grades it. */
    async evaluate(input: EvaluateInput): Promise<Score> {
      const { spec, dataset, tables, task } = await openRound(dependencies, input);
      const { round, range, role, model } = input;
      const stage = `evaluate-${role}` as const;
      return tracked(
        { total: range.to - range.from, unit: 'examples' },
        async (tracker) => {
          const examples = await dataset.range('test', range);
          const asks = examples.map((example) => ({
            example,
            model,
            messages: task.prompt(example, []),
            temperature: 0,
            maxTokens: spec.maxTokens,
            slots: [{ collaborator: role, sample: 0 }],
          }));
          const answers = await askMissing(asks, await tables.answers({ round, stage, range }), {
            endpoint: dependencies.endpoints.get(spec.model.endpoint),
            tables,
            task,
            round,
            stage,
            seed: spec.seed,
            tracker,
          });
          const exampleOf = new Map(examples.map((example) => [example.ordinal, example]));
          const right = answers.filter((one) =>
            task.grade(one.parsed, exampleOf.get(one.ordinal)!),
          );
          return { correct: right.length, total: examples.length };
        },
        dependencies.shutdownGraceMs,
      );
    },
  };
}
