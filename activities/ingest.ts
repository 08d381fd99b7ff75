import { type IngestInput, type IngestResult, ingestDataset } from '../data/ingestDataset.ts';
import type { Dependencies } from './dependencies.ts';
import { failureOfData } from './failureOfData.ts';
import { tracked } from './progress.ts';

export function createIngest({ store, registry }: Pick<Dependencies, 'store' | 'registry'>) {
  return {
    /**
     * Reads, cleans and stores the data files of a spec, unless they are in the store already.
     * What the user must mend fails with the type `DataError` and is not tried again.
     */
    ingest(input: IngestInput): Promise<Pick<IngestResult, 'dataset' | 'counts'>> {
      return tracked({ total: 0, unit: 'kB' }, async ({ set, signal }) => {
        try {
          const done = await ingestDataset(store, input, { registry, onProgress: set, signal });
          // What was left out stays in the store: a history holds references and numbers.
          return { dataset: done.dataset, counts: done.counts };
        } catch (error) {
          throw failureOfData(error);
        }
      });
    },
  };
}
