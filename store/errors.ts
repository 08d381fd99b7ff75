/** A store that cannot be used as it is. `remedy` says what to do about it. */
export class StoreError extends Error {
  override readonly name = 'StoreError';
  readonly remedy: string;

  constructor(problem: string, remedy: string, options?: ErrorOptions) {
    super(`${problem}. ${remedy}`, options);
    this.remedy = remedy;
  }
}

const causes: { pattern: RegExp; problem: string; remedy: string }[] = [
  {
    pattern: /ENOSPC|EDQUOT|no space left|disk quota|os error (28|122)\b/i,
    problem: 'the disk is full',
    remedy: 'Free some space or set another store URI in temporal.config.ts',
  },
  {
    pattern: /EROFS|EACCES|EPERM|read-only file system|permission denied|os error (1|13|30)\b/i,
    problem: 'it cannot be written to',
    remedy:
      'Give this user the right to write there or set another store URI in temporal.config.ts',
  },
  {
    pattern: /ENOTDIR|EEXIST|not a directory|os error 20\b/i,
    problem: 'the folder cannot be created',
    remedy: 'Check the path: a part of it is a file, not a folder',
  },
  {
    pattern: /NoSuchBucket|NoSuchContainer/,
    problem: 'the bucket does not exist',
    remedy: 'Create it or set another store URI in temporal.config.ts',
  },
  {
    pattern: /AccessDenied|InvalidAccessKeyId|SignatureDoesNotMatch|status: 40[13]\b/i,
    problem: 'access is denied',
    remedy: 'Check the keys that the environment or the storage options give, and their rights',
  },
  {
    pattern: /kind: Connect|dns error/,
    problem: 'the object storage cannot be reached',
    remedy: 'Check its address and the network',
  },
];

/** The same error as a {@link StoreError} where its cause is one that the user can mend. */
export function explain(error: unknown, uri: string): unknown {
  if (error instanceof StoreError) return error;
  const text =
    error instanceof Error ? `${'code' in error ? error.code : ''} ${error.message}` : '';
  const cause = causes.find(({ pattern }) => pattern.test(text));
  if (!cause) return error;
  return new StoreError(`Store ${uri}: ${cause.problem}`, cause.remedy, { cause: error });
}
