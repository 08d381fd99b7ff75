import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { access, constants, stat } from 'node:fs/promises';
import { extname, join, resolve } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { expandUrl, urlName, urlProblem } from '../core/dataUrl.ts';
import { type S3Place, s3Place } from '../core/s3.ts';
import { isUrl } from '../core/url.ts';
import { DataError, DataUnavailable } from './errors.ts';
import { bytesOfObject } from './s3.ts';
import { bytesOfUrl } from './url.ts';

const FORMATS = {
  '.csv': 'csv',
  '.tsv': 'csv',
  '.jsonl': 'jsonl',
  '.ndjson': 'jsonl',
  '.json': 'json',
  '.parquet': 'parquet',
} as const;
export type Format = (typeof FORMATS)[keyof typeof FORMATS];

/** A data file, here or elsewhere. */
export interface Source {
  /** What messages and reports call it: the path as given, or the URL without its secrets. */
  name: string;
  format: Format;
  /** Its absolute path, its http(s) URL, or the object that it is. */
  location: string | URL | S3Place;
}

/** A file on this machine. */
export type LocalSource = Source & { location: string };

export const isLocal = (source: Source): source is LocalSource =>
  typeof source.location === 'string';

/** The file or URL that a spec names; relative paths start at `folder`. Throws DataError. */
export function sourceOf(given: string, folder: string): Source {
  const name = isUrl(given) ? urlName(given) : given;
  const location = isUrl(given) ? dataUrl(given) : resolve(folder, given);
  const extension = extname(name).toLowerCase();
  if (!(extension in FORMATS)) {
    throw new DataError(
      `${name}: the extension "${extension}" is not known. Give a file that ends in ${Object.keys(FORMATS).join(', ')}`,
    );
  }
  return { name, format: FORMATS[extension as keyof typeof FORMATS], location };
}

function dataUrl(given: string): URL | S3Place {
  const problem = urlProblem(given);
  if (problem) throw new DataError(problem);
  const object = s3Place(given);
  if (object) return object;
  try {
    return expandUrl(given, process.env);
  } catch (error) {
    if (!(error instanceof RangeError)) throw new DataError(`${urlName(given)} is no URL`);
    throw new DataUnavailable(
      `${urlName(given)}: the variable ${error.message}, which the URL names, is not set. Export it, here and for the worker`,
    );
  }
}

/** Throws DataError unless the local file is there and can be read. Returns its size in bytes. */
export async function checkFile({ name, location }: LocalSource): Promise<number> {
  const file = await stat(location).catch((error: NodeJS.ErrnoException) => {
    throw new DataUnavailable(
      error.code === 'ENOENT' || error.code === 'ENOTDIR'
        ? `${name}: there is no such file. Check the path; relative paths start at the folder of the spec, of an addition where it was made`
        : `${name}: ${error.message}`,
    );
  });
  if (file.isDirectory()) throw new DataError(`${name} is a folder. Name the files in it`);
  if (!file.isFile()) {
    throw new DataError(
      `${name} is not a file but a pipe, a socket or a device, which can be read once only. Write it into a file`,
    );
  }
  if (file.size === 0) throw new DataError(`${name} is empty. Give a file with examples`);
  await access(location, constants.R_OK).catch(() => {
    throw new DataUnavailable(`${name} cannot be read. Give this user the right to (chmod +r)`);
  });
  return file.size;
}

/** The bytes of a file, of what a URL answers, or of an object. */
export async function bytesOf({ name, location }: Source, signal?: AbortSignal): Promise<Readable> {
  if (typeof location === 'string') return createReadStream(location, { signal });
  if (location instanceof URL) return bytesOfUrl(name, location, signal);
  return Readable.from(bytesOfObject(location, signal));
}

/** The source as a local file: what is elsewhere is copied into `folder` first. */
export async function localCopy(
  source: Source,
  folder: string,
  signal?: AbortSignal,
): Promise<LocalSource> {
  if (isLocal(source)) return source;
  const address = source.location instanceof URL ? source.location.href : source.name;
  const hash = createHash('sha256').update(address).digest('hex');
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
