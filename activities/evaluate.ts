import { activityInfo } from '@temporalio/activity';
import { samplingOf } from '../core/sampling.ts';
import { type Answer, type ModelRole, modelRoles, type OrdinalRange } from '../core/types.ts';
import type { RunTables } from '../store/run.ts';
import { askMissing } from './asking.ts';
import { type Dependencies, openRound, type RoundRef } from './dependencies.ts';
import { tracked } from './progress.ts';
import type { Score } from './select.ts';

export interface EvaluateInput extends RoundRef {
  role: ModelRole;
  model: string;
  range: OrdinalRange;
}

export interface ModelScore extends Score {
  model: string;
}

export function createEvaluate(dependencies: Dependencies) {
  return {
    /**
     * Asks a model a range of the test split, without shots, and grades it. What the
     * round before has asked its champion, this one's base, is not asked again.
     */
    async evaluate(input: EvaluateInput): Promise<Score> {
      const context = await openRound(dependencies, input);
      const { spec, dataset, tables, task } = context;
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
            sampling: samplingOf(spec.evaluation, spec.maxTokens),
            slots: [{ collaborator: role, sample: 0 }],
          }));
          await takeOver(tables, input);
          const batch = { dependencies, context, round, stage, range, tracker };
          await askMissing(asks, batch);
          const answers = await tables.answers({ round, stage, range });
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

/**
 * Stores the answers that the round before has of this round's base model, and this one has not:
 * they were paid for there.
 */
async function takeOver(
  tables: RunTables,
  { round, role, model, range }: EvaluateInput,
): Promise<void> {
  if (role !== 'vanilla' || round === 1) return;
  const stage = 'evaluate-vanilla';
  const stored = await tables.answers({ round, stage, range });
  const has = new Set(stored.map(({ ordinal }) => ordinal));
  const earlier = modelRoles.map((other) =>
    tables.answers({ round: round - 1, stage: `evaluate-${other}`, range }),
  );
  const ofModel = (await Promise.all(earlier)).find(([answer]) => answer?.model === model) ?? [];
  const taken = ofModel
    .filter((answer) => answer.model === model && !has.has(answer.ordinal))
    .map(
      (answer): Answer => ({
        ...answer,
        round,
        stage,
        collaborator: role,
        promptTokens: 0,
        cachedTokens: 0,
        completionTokens: 0,
      }),
    );
  await tables.addAnswers(taken, activityInfo().attempt);
}
