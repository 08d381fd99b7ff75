import type { LabelledNeighbour } from '../core/collaborators/kind.ts';
import { PASSES } from '../core/passes.ts';
import type { Shot } from '../core/types.ts';
import type { PassRef } from './asking.ts';
import type { RoundContext } from './dependencies.ts';

/** The stored neighbours of the examples of a range, by ordinal, nearest first. */
export async function labelledNeighbours(
  { dataset, tables }: RoundContext,
  { round, range, pass }: PassRef,
): Promise<(ordinal: number) => LabelledNeighbour[]> {
  const stored = await tables.neighbours({ round, range, split: PASSES[pass].split });
  const ordinals = [...new Set([...stored.values()].flatMap((one) => one.labelled))];
  const labelled = new Map(
    (await dataset.at('labelled', ordinals)).map((example) => [example.ordinal, example as Shot]),
  );
  return (ordinal) => {
    const { labelled: nearest = [], similarities = [] } = stored.get(ordinal) ?? {};
    return nearest.map((one, index) => ({
      example: labelled.get(one)!,
      similarity: similarities[index]!,
    }));
  };
}
