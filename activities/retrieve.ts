import { neighboursNeeded, searchText } from '../core/shots.ts';
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
      const k = neighboursNeeded(spec);
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
            similarities: found[index]!.map(({ similarity }) => similarity),
          })),
        );
      });
    },
  };
}

interface Alike {
  ordinal: number;
  /** 0 to 1. */
  similarity: number;
}

/** Neighbours by vector, at cosine distances; rounding may take these a little below 0. */
const cosines = (found: Neighbour[]): Alike[] =>
  found.map(({ ordinal, distance }) => ({
    ordinal,
    similarity: Math.min(1, Math.max(0, 1 - distance)),
  }));

/** Neighbours by a score, which has no scale of its own. */
const sharesOfBest = (found: Neighbour[]): Alike[] =>
  found.map(({ ordinal, distance }) => ({ ordinal, similarity: distance / found[0]!.distance }));

async function search(
  { dataset, spec }: RoundContext,
  examples: StoredExample[],
  range: OrdinalRange,
  k: number,
): Promise<Alike[][]> {
  const { mode } = spec.retrieval;
  const byText = (some: StoredExample[]) => dataset.bm25(some.map(searchText), k);
  if (mode === 'bm25') return (await byText(examples)).map(sharesOfBest);
  const vectors = await dataset.vectors(spec.embedding.name, 'unlabelled', range);
  // One that cannot be embedded has at least words.
  const { some = [], none = [] } = Object.groupBy(examples, ({ ordinal }) =>
    vectors.has(ordinal) ? 'some' : 'none',
  );
  const nearest = await dataset.nearest(
    spec.embedding.name,
    some.map(({ ordinal }) => vectors.get(ordinal)!),
    k,
  );
  const byVector = new Map(some.map(({ ordinal }, index) => [ordinal, nearest[index]!]));
  const byWords = mode === 'hybrid' ? examples : none;
  const texts = await byText(byWords);
  const alike = new Map(byWords.map(({ ordinal }, index) => [ordinal, texts[index]!]));
  return examples.map(({ ordinal }) => {
    const [vector, text] = [byVector.get(ordinal), alike.get(ordinal)];
    if (vector && text) return sharesOfBest(hybrid(vector, text, k));
    return vector ? cosines(vector) : sharesOfBest(text!);
  });
}
