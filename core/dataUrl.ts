import { s3Place } from './s3.ts';
import { isUrl } from './url.ts';

/**
 * URLs of data files. A spec goes into Temporal's history and into the store, so a URL in it holds
 * no secret: what may be one is the value of an environment variable that the URL names.
 */

/** Variables that a URL may name: not all, since a spec may come from someone who runs no worker. */
const VARIABLE = /\$\{(SEMIEVOL_DATA_[A-Z0-9_]+)\}/g;

/**
 * A URL as messages show it: without user name, password, query and fragment. What looks like the last
 * two is a part of the key in `s3://`.
 */
export function urlName(given: string): string {
  if (s3Place(given)) return given;
  return given.replace(/[?#].*$/s, '').replace(/^([^/]*\/\/)[^/]*@/, '$1');
}

/** Why a URL cannot be a data file's, with the remedy, or undefined. */
export function urlProblem(given: string): string | undefined {
  if (/^s3:/i.test(given))
    return s3Place(given)?.key
      ? undefined
      : `${urlName(given)} names no object in a bucket. Give s3://BUCKET/KEY`;
  const bare = given.replace(VARIABLE, 'x');
  const url = URL.canParse(bare) ? new URL(bare) : undefined;
  if (!url)
    return `the URL of a data file, which begins with ${given.split('//', 1)[0]}//, is none: correct it`;
  const name = urlName(given);
  if (!/^https?:$/.test(url.protocol))
    return `${name}: ${url.protocol}// cannot be read. Give a file, an http(s) URL or s3://BUCKET/KEY`;
  if (url.username || url.password)
    return `${name}: the URL holds a user name or a password. Leave them out; give a presigned URL, or copy the file here`;
  if (bare.includes('${'))
    return `${name}: a variable in a URL is written \${SEMIEVOL_DATA_…}, in capital letters`;
  // Every value of the query may be secret; names of parameters are not.
  const query = /\?([^#]*)/.exec(given)?.[1] ?? '';
  if (
    query
      .replace(VARIABLE, '')
      .split('&')
      .some((part) => !/^(?:[^=]+=)?$/.test(part))
  )
    return `${name}: the query of the URL may hold a secret, and a spec is kept in histories and in the store. Put it into a variable of the worker's environment (and of this one): SEMIEVOL_DATA_QUERY='…', and ?\${SEMIEVOL_DATA_QUERY} in the URL`;
  return undefined;
}

/** Why a place cannot be watched for files, with the remedy, or undefined. */
export function placeProblem(given: string): string | undefined {
  if (!isUrl(given) || s3Place(given)) return undefined;
  return `${urlName(given)} cannot be watched. Give a folder, or s3://BUCKET/PREFIX`;
}

/**
 * The URL with the values of the variables it names.
 * @throws RangeError naming a variable that has no value
 */
export function expandUrl(given: string, environment: Record<string, string | undefined>): URL {
  const expanded = given.replace(VARIABLE, (_, name: string) => {
    const value = environment[name];
    if (!value) throw new RangeError(name);
    return value;
  });
  return new URL(expanded);
}
