import { rm } from 'node:fs/promises';
import type { Answer } from '../../core/answer.ts';
import type { IngestReport } from '../../core/ingestReport.ts';
import type { Split, StoredExample } from '../../core/types.ts';
import { openStore, type Store } from '../../store/store.ts';
import { temporaryFolder } from '../support/folder.ts';

/** A store in a folder of its own; `remove` closes it and deletes the folder. */
export async function temporaryStore(): Promise<{ store: Store; remove: () => Promise<void> }> {
  const { path: uri } = await temporaryFolder();
  const store = await openStore({ uri });
  return {
    store,
    remove: async () => {
      store.close();
      await rm(uri, { recursive: true, force: true });
    },
  };
}

export const cleanReport: IngestReport = { files: [], problems: [] };

export function example(split: Split, ordinal: number, more: Partial<StoredExample> = {}) {
  return { id: `${split}-${ordinal}`, split, ordinal, question: `question ${ordinal}`, ...more };
}

/** Writes a data set of these examples into the store. */
export async function writeDataset(store: Store, id: string, examples: StoredExample[]) {
  const dataset = store.dataset(id);
  const writer = dataset.createExamples();
  await writer.append(examples);
  const counts = { labelled: 0, unlabelled: 0, test: 0 };
  for (const { split } of examples) counts[split] += 1;
  await writer.commit({ counts, report: cleanReport });
  return dataset;
}

export function answer(ordinal: number, more: Partial<Answer> = {}): Answer {
  return {
    round: 1,
    stage: 'collaborate',
    split: 'unlabelled',
    ordinal,
    exampleId: `example-${ordinal}`,
    collaborator: 'nearest',
    sample: 0,
    endpoint: 'local',
    model: 'base',
    transport: 'direct',
    text: `answer ${ordinal}`,
    parsed: 'a',
    entropy: 0.5,
    probability: 0.5,
    shares: null,
    promptTokens: 10,
    cachedTokens: 4,
    completionTokens: 2,
    finishReason: 'stop',
    ...more,
  };
}
