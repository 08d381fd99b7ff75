import { ranges } from '../core/range.ts';
import { retrievalNeeds } from '../core/shots.ts';
import type { OrdinalRange, Split } from '../core/types.ts';
import { noUsage } from '../store/usage.ts';
import { type Dependencies, openRound, type RoundRef } from './dependencies.ts';
import { tracked } from './progress.ts';

/** Texts a request. */
const BATCH = 64;

export interface EmbedInput extends RoundRef {
  split: Split;
  range: OrdinalRange;
}

export function createEmbed(dependencies: Dependencies) {
  return {
    /** Embeds the questions of a range that have no vector yet. @returns how many were embedded */
    async embed(input: EmbedInput): Promise<{ embedded: number }> {
      const { spec, dataset, tables } = await openRound(dependencies, input);
      const endpoint = dependencies.endpoints.get(spec.embedding.endpoint);
      const model = spec.embedding.name;
      const { split, range, round } = input;
      return tracked({ total: range.to - range.from, unit: 'vectors' }, async (tracker) => {
        const known = await dataset.vectors(model, split, range);
        const missing = (await dataset.range(split, range)).filter(
          (example) => !known.has(example.ordinal),
        );
        tracker.add(known.size);
        for (const { from, to } of ranges(missing.length, BATCH)) {
          tracker.signal.throwIfAborted();
          const batch = missing.slice(from, to);
          const { vectors, promptTokens } = await endpoint.embed(
            model,
            batch.map((example) => example.question),
            tracker.signal,
          );
          await dataset.addVectors(
            model,
            split,
            batch.map(({ ordinal, id }, index) => ({ ordinal, id, vector: vectors[index]! })),
          );
          await tables.addSpend({
            key: ['embed', input.dataset, model, split, batch[0]!.ordinal].join('/'),
            round,
            phase: 'embed',
            model,
            usage: { ...noUsage, requests: 1, promptTokens },
          });
          tracker.add(batch.length);
        }
        return { embedded: missing.length };
      });
    },

    /** Builds the indices over the labelled examples, once all of them have vectors. */
    async prepareSearch(ref: RoundRef): Promise<void> {
      const { spec, dataset } = await openRound(dependencies, ref);
      const model = retrievalNeeds(spec).vectors ? spec.embedding.name : undefined;
      await tracked({ total: 1, unit: 'indices' }, () => dataset.prepareSearch(model));
    },
  };
}
