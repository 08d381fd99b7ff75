import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { access, constants, stat } from 'node:fs/promises';
import { extname, join, resolve } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { DataError } from './errors.ts';

const formats = {
  '.csv': 'csv',
  '.jsonl': 'jsonl',
  '.ndjson': 'jsonl',
  '.json': 'json',
  '.parquet': 'parquet',
} as const;
export type Format = (typeof formats)[keyof typeof formats];

/** A data file, here or elsewhere. */
export interface Source {
  /** What messages and reports call it: the path as given, or the URL without its secrets. */
  name: string;
  format: Format;
  /** Its absolute path, or its http(s) URL. */
  location: string | URL;
}

/** The file or URL that a spec names; relative paths start at `folder`. Throws DataError. */
export function sourceOf(given: string, folder: string): Source {
  const url = /^[a-z][a-z0-9+.-]+:\/\//i.test(given) ? dataUrl(given) : undefined;
  const name = url ? nameOf(url) : given;
  const extension = extname(name).toLowerCase();
  if (!(extension in formats)) {
    throw new DataError(
      `${name}: the extension "${extension}" is not known. Give a file that ends in ${Object.keys(formats).join(', ')}`,
    );
  }
  const format = formats[extension as keyof typeof formats];
  return { name, format, location: url ?? resolve(folder, given) };
}

/** A URL whose host and path may be told; it stays in Temporal's history, so it must not carry a password. */
function dataUrl(given: string): URL {
  const url = URL.parse(given);
  if (!url)
    throw new DataError(
      `a data file's URL, which begins with ${given.split('//', 1)[0]}//, is none: correct it`,
    );
  if (!/^https?:$/.test(url.protocol))
    throw new DataError(
      `${nameOf(url)}: ${url.protocol}// cannot be read. Give a file or an http(s) URL`,
    );
  if (url.username || url.password)
    throw new DataError(
      `${nameOf(url)}: the URL holds a user name or a password. Leave them out; give a presigned URL, or copy the file here`,
    );
  return url;
}

/** Without user name, password and query, which may be secret. */
const nameOf = ({ protocol, host, pathname }: URL) => `${protocol}//${host}${pathname}`;

/** Throws DataError unless the local file is there and can be read. Returns its size in bytes. */
export async function checkFile({ name, location }: Source): Promise<number> {
  const file = await stat(location).catch((error: NodeJS.ErrnoException) => {
    throw new DataError(
      error.code === 'ENOENT' || error.code === 'ENOTDIR'
        ? `${name}: there is no such file. Check the path; relative paths start at the folder of the spec`
        : `${name}: ${error.message}`,
    );
  });
  if (file.isDirectory()) throw new DataError(`${name} is a folder. Name the files in it`);
  if (file.size === 0) throw new DataError(`${name} is empty. Give a file with examples`);
  await access(location, constants.R_OK).catch(() => {
    throw new DataError(`${name} cannot be read. Give this user the right to (chmod +r)`);
  });
  return file.size;
}

/** The bytes of a file or of what a URL answers. */
export async function bytesOf(source: Source, signal?: AbortSignal): Promise<Readable> {
  if (!(source.location instanceof URL)) return createReadStream(source.location, { signal });
  const response = await fetch(source.location, { signal: signal ?? null }).catch((error) => {
    const { cause } = error as Error;
    throw new Error(`${source.name}: ${(cause as Error | undefined)?.message ?? error}`, { cause });
  });
  if (response.ok && response.body) return Readable.fromWeb(response.body);
  await response.body?.cancel();
  const problem = `${source.name}: the server answered ${response.status} ${response.statusText}`;
  const passing = response.status >= 500 || response.status === 429;
  throw passing ? new Error(problem) : new DataError(`${problem}. Check the URL`);
}

/** The source as a local file: what a URL gives is copied into `folder` first. */
export async function localCopy(
  source: Source,
  folder: string,
  signal?: AbortSignal,
): Promise<Source & { location: string }> {
  const { location } = source;
  if (!(location instanceof URL)) return { ...source, location };
  const hash = createHash('sha256').update(location.href).digest('hex');
  const copy = join(folder, `${hash}.${source.format}`);
  await pipeline(await bytesOf(source, signal), createWriteStream(copy), { signal });
  return { ...source, location: copy };
}

/** SHA-256 (hex) of a local file's bytes. */
export async function contentHash(source: Source, signal?: AbortSignal): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of await bytesOf(source, signal)) hash.update(chunk);
  return hash.digest('hex');
}
