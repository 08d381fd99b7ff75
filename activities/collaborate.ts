import { requestGroups } from '../core/requestGroups.ts';
import { shotsFor } from '../core/shots.ts';
import type { OrdinalRange, Shot } from '../core/types.ts';
import { type Ask, askMissing } from './asking.ts';
import { type Dependencies, openRound, type RoundContext, type RoundRef } from './dependencies.ts';
import { tracked } from './progress.ts';

/** The models a spec may call by their part in the round. */
export interface RoundModels {
  base: string;
  'warm-up': string;
}

export interface PropagateInput extends RoundRef {
  range: OrdinalRange;
  models: RoundModels;
}

/** The model that a spec's word stands for. */
export function modelNamed(name: string, models: RoundModels): string {
  return name === 'base' || name === 'warm-up' ? models[name] : name;
}

export function createCollaborate(dependencies: Dependencies) {
  return {
    /**
     * Lets every collaborator answer a range of unlabelled examples (collaborative learning, §3.2).
     * Collaborators that send the same request share it.
     */
    async collaborate(input: PropagateInput): Promise<void> {
      const context = await openRound(dependencies, input);
      const { spec, dataset, task } = context;
      const groups = requestGroups(spec);
      const total = (input.range.to - input.range.from) * groups.length;
      await tracked(
        { total, unit: 'answers' },
        async (tracker) => {
          const examples = await dataset.range('unlabelled', input.range);
          const neighboursOf = await neighbours(context, input);
          const asks: Ask[] = groups.flatMap((group) =>
            examples.map((example) => ({
              example,
              model: modelNamed(group.model, input.models),
              messages: task.prompt(example, shotsFor(group, neighboursOf(example.ordinal))),
              sampling: group.sampling,
              slots: group.places,
            })),
          );
          const { round, range } = input;
          const stage = 'collaborate';
          await askMissing(asks, { dependencies, context, round, stage, range, tracker });
        },
        dependencies.shutdownGraceMs,
      );
    },
  };
}

/** The stored neighbours of a range as worked examples, nearest first. */
async function neighbours(
  { dataset, tables }: RoundContext,
  { round, range }: PropagateInput,
): Promise<(ordinal: number) => Shot[]> {
  const stored = await tables.neighbours(round, range);
  const ordinals = [...new Set([...stored.values()].flatMap((one) => one.labelled))];
  const labelled = new Map(
    (await dataset.at('labelled', ordinals)).map((example) => [example.ordinal, example as Shot]),
  );
  return (ordinal) => (stored.get(ordinal)?.labelled ?? []).map((one) => labelled.get(one)!);
}
