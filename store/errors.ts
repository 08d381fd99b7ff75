import { SemiEvolError } from '../core/errors.ts';
import type { Split } from '../core/types.ts';

/** A store that cannot be used as it is. `remedy` says what to do about it. */
export class StoreError extends SemiEvolError {
  override readonly name = 'StoreError';
  override readonly isOfInput = true;
  readonly remedy: string;

  constructor(problem: string, remedy: string, options?: ErrorOptions) {
    super(`${problem}. ${remedy}`, options);
    this.remedy = remedy;
  }

  /** Whether it is trouble of the storage, which may pass; else what was asked of it is wrong. */
  get isOfStorage(): boolean {
    return this.cause !== undefined;
  }
}

/** For an ordinal that is none of a split's. */
export const noExample = (split: Split, ordinal: number): RangeError =>
  new RangeError(`The ${split} split has no example ${ordinal}`);

const ELSEWHERE = 'set another store URI in temporal.config.ts';

const DAMAGE = {
  problem: 'a file of this table is damaged or missing',
  remedy: `Restore the folder from a backup; without one, begin the run again under another name or, where the data set is damaged, ${ELSEWHERE}`,
};

const CAUSES: { pattern: RegExp; problem: string; remedy: string }[] = [
  {
    pattern: /ENOSPC|EDQUOT|no space left|disk quota|os error (28|122)\b/i,
    problem: 'the disk is full',
    remedy: `Free some space or ${ELSEWHERE}`,
  },
  {
    pattern: /EROFS|EACCES|EPERM|read-only file system|permission denied|os error (1|13|30)\b/i,
    problem: 'it cannot be written to',
    remedy: `Give this user the right to write there or ${ELSEWHERE}`,
  },
  {
    pattern: /ENOTDIR|EEXIST|not a directory|os error 20\b/i,
    problem: 'the folder cannot be created',
    remedy: 'Check the path: a part of it is a file, not a folder',
  },
  {
    pattern: /no object store provider found for scheme/i,
    problem: 'LanceDB knows no storage of this kind',
    remedy: 'Use a folder, or s3://…, gs://… or az://…',
  },
  {
    pattern: /NoSuchBucket|NoSuchContainer/,
    problem: 'the bucket does not exist',
    remedy: `Create it or ${ELSEWHERE}`,
  },
  {
    pattern: /AccessDenied|InvalidAccessKeyId|SignatureDoesNotMatch|status: 40[13]\b/i,
    problem: 'access is denied',
    remedy: 'Check the keys that the environment or the storage options give, and their rights',
  },
  {
    pattern: /failed to get AWS credentials|no providers? in chain provided credentials/i,
    problem: 'there are no keys for it',
    remedy: 'Give them by the environment (AWS_ACCESS_KEY_ID, …) or by the storage options',
  },
  {
    pattern: /BadScheme/,
    problem: 'its address begins with http:, not https:',
    remedy: "Allow that by the storage option allow_http: 'true'",
  },
  {
    pattern: /kind: Connect|kind: Timeout|TimedOut|dns error|error sending request/,
    problem: 'the object storage cannot be reached',
    remedy: 'Check its address and the network',
  },
  {
    pattern: /too many concurrent writers|commit conflict/i,
    problem: 'other processes kept it from being written to for too long',
    remedy: 'Let it be tried again; with fewer workers where it comes back',
  },
  {
    pattern:
      /corrupt|failed to decode|invalid (format|scalar)|decompression failed|\bpanic(ked)?\b|file size is too small|fill whole buffer|range was invalid|invalid range|not found: \S+\.lance\/(data|_indices)\//i,
    ...DAMAGE,
  },
];

/**
 * The same error as a {@link StoreError} where its cause is one that the user can mend.
 * @param place what could not be used: the address of a store, a database or a table
 */
export function explain(error: unknown, place: string): unknown {
  if (error instanceof StoreError) return error;
  const text =
    error instanceof Error ? `${'code' in error ? error.code : ''} ${error.message}` : '';
  const cause = CAUSES.find(({ pattern }) => pattern.test(text));
  if (!cause) return error;
  return new StoreError(`Store ${place}: ${cause.problem}`, cause.remedy, { cause: error });
}

/** A table that lacks what was committed to it. */
export function damaged(place: string): StoreError {
  return new StoreError(`Store ${place}: ${DAMAGE.problem}`, DAMAGE.remedy);
}

/**
 * The same object, but what its asynchronous methods fail with is explained, as is what fails in
 * the objects that its other methods give (queries and their iterators).
 */
export function explained<T extends object>(object: T, place: string): T {
  return new Proxy(object, {
    get(target, property) {
      const value = Reflect.get(target, property);
      if (typeof value !== 'function') return value;
      return (...args: unknown[]) => {
        const result: unknown = value.apply(target, args);
        if (result instanceof Promise)
          return result.catch((error: unknown) => {
            throw explain(error, place);
          });
        return typeof result === 'object' && result !== null ? explained(result, place) : result;
      };
    },
  });
}
