import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { DataError } from './errors.ts';

/** The folders of a watched place, by what their files are to a run. */
export const KINDS = ['labelled', 'unlabelled', 'test', 'withdrawn'] as const;

/** A file of a watched place. */
export interface PlacedFile {
  kind: (typeof KINDS)[number];
  /** Its path. */
  file: string;
  /** What changes with its contents. */
  mark: string;
}

/** A file that was written to later than so many milliseconds ago may not be complete. */
const SETTLED_MS = 10_000;

/**
 * The files of a folder's folders `labelled`, `unlabelled`, `test` and `withdrawn`, by their paths. Left
 * out is what begins with a dot, and what somebody is writing yet.
 * @param now epoch milliseconds
 * @throws DataError where it has none of these folders
 */
export async function listPlace(folder: string, now: number): Promise<PlacedFile[]> {
  const found: PlacedFile[] = [];
  let folders = 0;
  for (const kind of KINDS) {
    const names = await readdir(join(folder, kind)).catch(() => undefined);
    if (!names) continue;
    folders++;
    for (const name of names.sort()) {
      if (name.startsWith('.')) continue;
      const file = join(folder, kind, name);
      const { mtimeMs, size } = await stat(file);
      if (mtimeMs <= now - SETTLED_MS) found.push({ kind, file, mark: `${size}-${mtimeMs}` });
    }
  }
  if (folders > 0) return found;
  throw new DataError(
    `${folder} has none of the folders ${KINDS.join(', ')}, or this worker cannot read them. Make one, and move files into it`,
  );
}
