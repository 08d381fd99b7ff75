import { ranges } from '../core/range.ts';
import { retrievalNeeds } from '../core/shots.ts';
import type { OrdinalRange, Split, StoredExample } from '../core/types.ts';
import { noUsage } from '../core/usage.ts';
import { type Dependencies, openRound, type RoundRef } from './dependencies.ts';
import { tracked } from './progress.ts';

/** Texts a request. */
const TEXTS = 64;
/** Texts whose vectors are stored together: few commits, and few texts to embed again after a crash. */
const STORED = 1_024;

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
      return tracked(
        { total: range.to - range.from, unit: 'vectors' },
        async (tracker) => {
          const known = await dataset.vectors(model, split, range);
          const missing = (await dataset.range(split, range)).filter(
            (example) => !known.has(example.ordinal),
          );
          tracker.add(known.size);
          for (const step of ranges(missing.length, STORED)) {
            tracker.signal.throwIfAborted();
            const batches = inBatches(missing.slice(step.from, step.to));
            const settled = await Promise.allSettled(
              batches.map(async (batch) => {
                const texts = batch.map((example) => example.question);
                const answer = await endpoint.embed(model, texts, tracker);
                return { ...answer, batch };
              }),
            );
            // What came was paid for: it is stored whatever became of the rest.
            const came = settled.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
            const rows = came.flatMap(({ batch, vectors }) =>
              batch.map(({ ordinal, id }, index) => ({ ordinal, id, vector: vectors[index]! })),
            );
            if (rows.length > 0) {
              await dataset.addVectors(model, split, rows);
              await tables.addSpend({
                key: ['embed', input.dataset, model, split, rows[0]!.ordinal].join('/'),
                round,
                phase: 'embed',
                model,
                usage: {
                  ...noUsage,
                  requests: came.length,
                  promptTokens: came.reduce((sum, one) => sum + one.promptTokens, 0),
                },
              });
              tracker.add(rows.length);
            }
            const failed = settled.find((one) => one.status === 'rejected');
            if (failed) throw failed.reason;
          }
          return { embedded: missing.length };
        },
        dependencies.shutdownGraceMs,
      );
    },

    /** Builds the indices over the labelled examples, once all of them have vectors. */
    async prepareSearch(ref: RoundRef): Promise<void> {
      const { spec, dataset } = await openRound(dependencies, ref);
      const model = retrievalNeeds(spec).vectors ? spec.embedding.name : undefined;
      await tracked({ total: 1, unit: 'indices' }, () => dataset.prepareSearch(model));
    },
  };
}

const inBatches = (examples: StoredExample[]): StoredExample[][] =>
  ranges(examples.length, TEXTS).map(({ from, to }) => examples.slice(from, to));
