import { realpath, stat } from 'node:fs/promises';
import { isAbsolute, relative } from 'node:path';
import { finalFailure } from '../core/failures.ts';

/**
 * The real place of a user's training file. A workflow's input names it, and whoever may start
 * workflows is not to read whatever the worker can.
 * @param folders from which files may be read
 * @throws ApplicationFailure, non-retryable, where it may not or cannot be read
 */
export async function ownFile(path: string, folders: readonly string[]): Promise<string> {
  const refused = (problem: string) =>
    finalFailure('DataError', `the training file ${path} ${problem}`);
  const roots = await Promise.all(folders.map((folder) => realpath(folder).catch(() => undefined)));
  const file = await realpath(path).catch((error: NodeJS.ErrnoException) => error);
  const isAllowed = (place: string) => roots.some((root) => root && isInside(place, root));
  if (typeof file !== 'string')
    throw refused(`cannot be read by the worker (${file.code}): is its path right there?`);
  if (!isAllowed(file))
    throw refused(
      `is in none of the folders that the worker reads training files from (${folders.join(', ')}): put it there, or name its folder in worker.trainingFolders of temporal.config.ts`,
    );
  if (!(await stat(file)).isFile()) throw refused('is no file');
  return file;
}

function isInside(file: string, folder: string): boolean {
  const way = relative(folder, file);
  return way !== '' && way.split(/[\\/]/)[0] !== '..' && !isAbsolute(way);
}
