import { shotsFor } from '../core/shots.ts';
import type { RunSpec } from '../core/spec.ts';
import type { Shot, StoredExample } from '../core/types.ts';
import type { RangeRef } from './asking.ts';
import type { Batch } from './batch.ts';
import { search } from './retrieve.ts';

/**
 * The worked examples that a model is shown with test examples where a study compares with retrieval
 * (RAG): their nearest labelled ones, the nearest next to the question. They are stored before they
 * are shown, so that a repetition shows the same.
 */
export async function ragShots(
  { context, examples }: Batch,
  { round, range }: RangeRef,
  { shots, mode }: NonNullable<RunSpec['evaluation']['rag']>,
): Promise<(example: StoredExample) => Shot[]> {
  const { dataset, spec, tables } = context;
  const split = 'test';
  const stored = await tables.neighbours({ round, split, range });
  const missing = examples.filter(({ ordinal }) => !stored.has(ordinal));
  if (missing.length > 0) {
    const inMode = { dataset, spec: { ...spec, retrieval: { mode } } };
    const found = await search(inMode, missing, range, shots);
    await tables.addNeighbours(
      missing.map(({ ordinal, id: exampleId }, index) => ({
        ...{ round, split, ordinal, exampleId },
        labelled: found[index]!.map((alike) => alike.ordinal),
        similarities: found[index]!.map(({ similarity }) => similarity),
      })),
    );
  }
  const neighbours = await tables.neighbours({ round, split, range });
  const ordinals = [...new Set([...neighbours.values()].flatMap(({ labelled }) => labelled))];
  const labelled = new Map(
    (await dataset.at('labelled', ordinals)).map((example) => [example.ordinal, example as Shot]),
  );
  return ({ ordinal }) =>
    shotsFor(
      { shots, skip: 0, order: 'nearest-last' },
      neighbours.get(ordinal)!.labelled.map((one) => labelled.get(one)!),
    );
}
