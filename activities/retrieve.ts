import { foldOf, isHeldOut } from '../core/folds.ts';
import { PASSES } from '../core/passes.ts';
import { neighboursNeeded, searchText } from '../core/shots.ts';
import type { OrdinalRange, StoredExample } from '../core/types.ts';
import { hybrid, type Neighbour } from '../store/search.ts';
import { examplesOf, type PassRef } from './asking.ts';
import { type Dependencies, openRound, type RoundContext } from './dependencies.ts';
import { tracked } from './progress.ts';

export function createRetrieve(dependencies: Dependencies) {
  return {
    /**
     * Finds the labelled neighbours of a range of examples (in-context propagation, §3.1) and stores
     * them: an index may answer otherwise later, a repetition must not. Those that are held out are
     * nobody's neighbours; in cross-fitting examples get those of other folds only, as what has not
     * seen them.
     */
    async retrieve(input: PassRef): Promise<void> {
      const context = await openRound(dependencies, input);
      const { tables, spec } = context;
      const k = neighboursNeeded(spec);
      const { round, range, pass, heldOut } = input;
      const { split } = PASSES[pass];
      await tracked({ total: range.to - range.from, unit: 'neighbours' }, async () => {
        const known = await tables.neighbours({ round, split, range });
        const missing = (await examplesOf(context, input)).filter(
          ({ ordinal }) => !known.has(ordinal),
        );
        if (missing.length === 0) return;
        const found =
          pass !== 'cross-fit' && heldOut === undefined
            ? await search(context, missing, range, k)
            : await searchAmong(
                ...([context, missing, range, k] as const),
                (near, example) =>
                  !isHeldOut(near, heldOut) &&
                  (pass !== 'cross-fit' || foldOf(near) !== foldOf(example)),
              );
        await tables.addNeighbours(
          missing.map(({ ordinal, id }, index) => ({
            round,
            split,
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

/** As {@link search}, among the labelled examples that may be near an example. */
async function searchAmong(
  context: RoundContext,
  examples: StoredExample[],
  range: OrdinalRange,
  k: number,
  mayBe: (near: StoredExample, example: StoredExample) => boolean,
): Promise<Alike[][]> {
  const { dataset } = context;
  const total = await dataset.count('labelled');
  for (let asked = 2 * k + 1; ; asked *= 2) {
    const found = await search(context, examples, range, asked);
    const ordinals = [...new Set(found.flat().map(({ ordinal }) => ordinal))];
    const near = await dataset.at('labelled', ordinals);
    const byOrdinal = new Map(near.map((example) => [example.ordinal, example]));
    const allowed = found.map((alike, index) =>
      alike.filter(({ ordinal }) => mayBe(byOrdinal.get(ordinal)!, examples[index]!)).slice(0, k),
    );
    if (asked >= total || allowed.every(({ length }) => length === k)) return allowed;
  }
}

/** The labelled examples most like each of those of a range, nearest first. */
export async function search(
  { dataset, spec }: Pick<RoundContext, 'dataset' | 'spec'>,
  examples: StoredExample[],
  range: OrdinalRange,
  k: number,
): Promise<Alike[][]> {
  const { mode } = spec.retrieval;
  const byText = (some: StoredExample[]) => dataset.bm25(some.map(searchText), k);
  if (mode === 'bm25') return (await byText(examples)).map(sharesOfBest);
  const vectors = await dataset.vectors(spec.embedding.name, examples[0]!.split, range);
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
