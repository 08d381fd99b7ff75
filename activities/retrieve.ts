import { neighboursNeeded } from '../core/shots.ts';
import type { OrdinalRange, StoredExample } from '../core/types.ts';
import { hybrid, type Neighbour } from '../store/search.ts';
import { type Dependencies, openRound, type RoundContext, type RoundRef } from './dependencies.ts';
import { tracked } from './progress.ts';

export interface RetrieveInput extends RoundRef {
  range: OrdinalRange;
}

export function createRetrieve(dependencies: Dependencies) {
  return {
    /**
     * Finds the labelled neighbours of a range of unlabelled examples (in-context propagation,
     * §3.1) and stores them: an index may answer otherwise later, a repetition must not.
     */
    async retrieve(input: RetrieveInput): Promise<void> {
      const context = await openRound(dependencies, input);
      const { dataset, tables, spec } = context;
      const k = neighboursNeeded(spec.collaborators);
      await tracked({ total: input.range.to - input.range.from, unit: 'neighbours' }, async () => {
        const known = await tables.neighbours(input.round, input.range);
        const missing = (await dataset.range('unlabelled', input.range)).filter(
          (example) => !known.has(example.ordinal),
        );
        if (missing.length === 0) return;
        const found = await search(context, missing, input.range, k);
        await tables.addNeighbours(
          missing.map(({ ordinal, id }, index) => ({
            round: input.round,
            ordinal,
            exampleId: id,
            labelled: found[index]!.map((neighbour) => neighbour.ordinal),
            distances: found[index]!.map((neighbour) => neighbour.distance),
          })),
        );
      });
    },
  };
}

async function search(
  { dataset, spec }: RoundContext,
  examples: StoredExample[],
  range: OrdinalRange,
  k: number,
): Promise<Neighbour[][]> {
  const byText = () =>
    dataset.bm25(
      examples.map((example) => example.question),
      k,
    );
  const byVector = async () => {
    const vectors = await dataset.vectors(spec.embedding.name, 'unlabelled', range);
    return dataset.nearest(
      spec.embedding.name,
      examples.map((example) => vectors.get(example.ordinal)!),
      k,
    );
  };
  switch (spec.retrieval.mode) {
    case 'vector':
      return byVector();
    case 'bm25':
      return byText();
    case 'hybrid': {
      const [texts, vectors] = [await byText(), await byVector()];
      return examples.map((_, index) => hybrid(vectors[index]!, texts[index]!, k));
    }
  }
}
