import { TEXTS_A_REQUEST } from '../core/amounts.ts';
import { ranges } from '../core/range.ts';
import { retrievalNeeds, searchText } from '../core/shots.ts';
import type { Spent } from '../core/spent.ts';
import type { OrdinalRange, Split, StoredExample } from '../core/types.ts';
import { NO_USAGE } from '../core/usage.ts';
import { type Dependencies, openRound, type RoundRef } from './dependencies.ts';
import { keepUntilStored } from './keeping.ts';
import { tracked } from './progress.ts';
import { Spending } from './spending.ts';

/** Texts whose vectors are stored together: few commits, and few texts to embed again after a crash. */
const STORED = 1_024;

export interface EmbedInput extends RoundRef {
  split: Split;
  range: OrdinalRange;
}

export function createEmbed(dependencies: Dependencies) {
  return {
    /** Embeds the questions of a range that have no vector yet. @returns how many were embedded */
    async embed(input: EmbedInput): Promise<{ embedded: number; spent: Spent }> {
      const { spec, dataset, tables } = await openRound(dependencies, input);
      const endpoint = dependencies.endpoints.get(spec.embedding.endpoint);
      const model = spec.embedding.name;
      const { split, range, round } = input;
      /** Of what was spent on some vectors, of which this is the first. */
      const keyOf = (ordinal: number) => ['embed', input.dataset, model, split, ordinal].join('/');
      return tracked(
        { total: range.to - range.from, unit: 'vectors' },
        async (tracker) => {
          tracker.watch(() => endpoint.trouble);
          const spending = new Spending();
          const vectors = await dataset.vectors(model, split, range);
          const hopeless = await dataset.withoutVector(model, split, range);
          const missing = (await dataset.range(split, range)).filter(
            ({ ordinal }) => !vectors.has(ordinal) && !hopeless.has(ordinal),
          );
          tracker.add(vectors.size + hopeless.size);
          if (missing.length > 0) await dependencies.store.ensureSpace();
          for (const step of ranges(missing.length, STORED)) {
            tracker.signal.throwIfAborted();
            const settled = await Promise.allSettled(
              inBatches(missing.slice(step.from, step.to)).map(async (batch) => {
                const texts = batch.map(searchText);
                const came = await endpoint.embed(model, texts, tracker);
                tracker.add(batch.length);
                return { batch, ...came };
              }),
            );
            // What came was paid for: it is stored whatever became of the rest.
            const came = settled.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
            const rows = came.flatMap(({ batch, vectors }) =>
              batch.map((example, index) => ({ example, vector: vectors[index]! })),
            );
            const embedded = rows.flatMap(({ example: { ordinal, id }, vector }) =>
              vector ? [{ ordinal, id, vector }] : [],
            );
            const without = rows.flatMap(({ example, vector }) => (vector ? [] : [example]));
            await keepUntilStored(tracker, `${embedded.length} vectors`, async () => {
              await dataset.addVectors(model, split, embedded);
              await dataset.addWithoutVector(model, split, without);
            });
            if (rows.length > 0) {
              const usage = {
                ...NO_USAGE,
                requests: sum(came.map(({ requests }) => requests)),
                unmetered: sum(came.map((one) => (one.promptTokens === null ? one.requests : 0))),
                promptTokens: sum(came.map((one) => one.promptTokens ?? 0)),
              };
              await tables.addSpend({
                key: keyOf(rows[0]!.example.ordinal),
                round,
                phase: 'embed',
                endpoint: endpoint.name,
                model,
                transport: 'direct',
                usage,
              });
            }
            const failed = settled.find((one) => one.status === 'rejected');
            if (failed) throw failed.reason;
          }
          // An earlier attempt's vectors were paid for, too.
          const ordinals = Array.from(
            { length: range.to - range.from },
            (_, at) => range.from + at,
          );
          for (const { usage, ...of } of await tables.spendOf(round, ordinals.map(keyOf)))
            spending.add(of, usage);
          const spent = spending.spent(dependencies.endpoints, (one) => one.model);
          return { embedded: missing.length, spent };
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
  ranges(examples.length, TEXTS_A_REQUEST).map(({ from, to }) => examples.slice(from, to));

const sum = (counts: number[]) => counts.reduce((total, count) => total + count, 0);
