import { writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { goldAnswer } from './model.ts';
import type { Provider } from './provider.ts';

/** Labels of the task that `writeTask` writes. */
export const LABELS = ['animal', 'artifact', 'food', 'person', 'plant'];

/** How many examples there are of each split. */
export interface Sizes {
  labelled: number;
  unlabelled: number;
  test: number;
}

/**
 * Gives a configuration for tests: one endpoint, `local`, at the stand-in, with the patience of a
 * test; the store in `folder`, where training files may lie as well, and a task queue by the
 * folder's name, so that tests on one Temporal server do not get in each other's way.
 *
 * @example
 * const config = defineConfig(testConfig(provider, folder));
 */
export function testConfig({ baseURL }: Pick<Provider, 'baseURL'>, folder: string) {
  return {
    temporal: { taskQueue: basename(folder) },
    store: { uri: join(folder, 'store') },
    endpoints: { local: { baseURL, pollSeconds: 0.05, finalAfterSeconds: 0.5 } },
    worker: { shutdownGraceSeconds: 1, trainingFolders: [folder] },
  };
}

/**
 * Writes a small data set of made-up questions into `folder`. Where a test writes no answers of its
 * own, the stand-in gives right ones to some of them, and after training to more.
 * @returns the spec of a run over it
 */
export async function writeTask(
  folder: string,
  name: string,
  { labelled, unlabelled, test }: Sizes = { labelled: 20, unlabelled: 40, test: 30 },
) {
  const write = async (split: keyof Sizes, from: number, count: number) => {
    const rows = Array.from({ length: count }, (_, index) => {
      const question = `the thing that has number ${from + index}`;
      return JSON.stringify({ question, answer: goldAnswer(question, LABELS) });
    });
    const file = join(folder, `${split}.jsonl`);
    await writeFile(file, `${rows.join('\n')}\n`);
    return file;
  };
  return {
    name,
    task: { type: 'classification' as const, labels: LABELS },
    data: {
      labelled: await write('labelled', 0, labelled),
      unlabelled: await write('unlabelled', labelled, unlabelled),
      test: await write('test', labelled + unlabelled, test),
    },
    resolution: 'justify' as const,
    batch: { size: 10, window: 2 },
  };
}
