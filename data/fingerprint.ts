import { createHash } from 'node:crypto';
import { SPLIT_ORDER } from './cleanFile.ts';
import type { IngestInput } from './ingestDataset.ts';
import { contentHash, isLocal, sourceOf } from './source.ts';

/**
 * SHA-256 (hex) over what the data files hold, wherever they are; of a file behind a URL, or in a bucket, over its
 * name only. Undefined where a file cannot be read any more.
 */
export async function dataFingerprint({
  data,
  folder = '.',
}: Pick<IngestInput, 'data' | 'folder'>): Promise<string | undefined> {
  const hash = createHash('sha256');
  try {
    for (const split of SPLIT_ORDER) {
      for (const given of data[split]) {
        const source = sourceOf(given, folder);
        hash.update(`${split} ${isLocal(source) ? await contentHash(source) : source.name}\n`);
      }
    }
  } catch {
    return undefined;
  }
  return hash.digest('hex');
}
