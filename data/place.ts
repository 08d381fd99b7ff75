import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { placeProblem } from '../core/dataUrl.ts';
import { s3Place, s3Url } from '../core/s3.ts';
import { DataError } from './errors.ts';
import { listObjects } from './s3.ts';

/** The folders of a watched place, by what their files are to a run. */
export const KINDS = ['labelled', 'unlabelled', 'test', 'withdrawn'] as const;

/** A file of a watched place. */
export interface PlacedFile {
  kind: (typeof KINDS)[number];
  /** Its path, or its address. */
  file: string;
  /** What changes with its contents. */
  mark: string;
}

/** A file of a folder of the place. */
type Found = Omit<PlacedFile, 'kind'>;

/** A file that was written to later than so many milliseconds ago may not be complete. */
const SETTLED_MS = 10_000;

/**
 * The files of the folders `labelled`, `unlabelled`, `test` and `withdrawn` of a folder, or of an `s3://`
 * prefix, by their paths. Left out is what begins with a dot, and what somebody is writing yet.
 * @param now epoch milliseconds
 * @throws DataError where it has none of these folders
 */
export async function listPlace(place: string, now: number): Promise<PlacedFile[]> {
  const problem = placeProblem(place);
  if (problem) throw new DataError(problem);
  const list = listerOf(place, now);
  const found: PlacedFile[] = [];
  let folders = 0;
  for (const kind of KINDS) {
    const files = await list(kind);
    if (!files) continue;
    folders++;
    for (const file of files) found.push({ kind, ...file });
  }
  if (folders > 0) return found;
  throw new DataError(
    `${place} has none of the folders ${KINDS.join(', ')}, or this worker cannot read them. Make one, and move files into it`,
  );
}

/** What lists a folder of the place; where there is none, it gives nothing. */
function listerOf(place: string, now: number): (kind: string) => Promise<Found[] | undefined> {
  const inBucket = s3Place(place);
  if (inBucket) {
    const { bucket, key } = inBucket;
    const prefix = key === '' || key.endsWith('/') ? key : `${key}/`;
    return (kind) => filesOfBucket(bucket, `${prefix}${kind}/`);
  }
  return (kind) => filesOfFolder(join(place, kind), now);
}

async function filesOfFolder(folder: string, now: number): Promise<Found[] | undefined> {
  const names = await readdir(folder).catch(() => undefined);
  const found: Found[] = [];
  for (const name of names?.sort() ?? []) {
    if (isHidden(name)) continue;
    const file = join(folder, name);
    // One that cannot be looked at, as a link to nothing, is not left out: whoever reads it says why.
    const seen = await stat(file).catch(() => undefined);
    if (!seen) found.push({ file, mark: '' });
    else if (seen.mtimeMs <= now - SETTLED_MS)
      found.push({ file, mark: `${seen.size}-${seen.mtimeMs}` });
  }
  return names && found;
}

/** An object is there once all of it is written; the one of the prefix itself stands for the folder. */
async function filesOfBucket(bucket: string, prefix: string): Promise<Found[] | undefined> {
  const objects = await listObjects({ bucket, key: prefix });
  return objects
    ?.filter(({ key }) => key !== prefix && !isHidden(key.slice(prefix.length)))
    .map(({ key, mark }) => ({ file: s3Url({ bucket, key }), mark }));
}

const isHidden = (name: string) => name.startsWith('.');
