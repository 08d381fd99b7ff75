import assert from 'node:assert/strict';
import { glob, readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { describe, it } from 'mocha';
import { SemiEvolError } from '../../core/errors.ts';
import { FAILURES, failureKind, finalFailure, passingFailure } from '../../core/failures.ts';

const ROOT = resolve(import.meta.dirname, '../..');
/** Folders of what is not ours, and of what only tests and measures. */
const EXCLUDE = ['node_modules', 'dist', 'test', 'bench', '.*'];

/** Where a pattern is found in our sources, and the place that is written of it. */
async function found(pattern: RegExp): Promise<{ file: string; text: string }[]> {
  const matches = [];
  for await (const file of glob('**/*.ts', { cwd: ROOT, exclude: EXCLUDE }))
    for (const [text, group = text] of (await readFile(join(ROOT, file), 'utf8')).matchAll(pattern))
      matches.push({ file, text: group });
  return matches;
}

describe('failures', () => {
  it('are thrown by a type of the list, and by nothing else', async () => {
    const made = await found(/ApplicationFailure\.(?:create|nonRetryable|retryable|fromError)\(/g);
    assert.deepEqual([...new Set(made.map(({ file }) => file))], ['core/failures.ts']);
  });

  it('have a type that something throws, each', async () => {
    const named = await found(/'([A-Z]\w+)'/g);
    const thrown = new Set(
      named.filter(({ file }) => file !== 'core/failures.ts').map(({ text }) => text),
    );
    const unused = Object.keys(FAILURES).filter((type) => !thrown.has(type));
    assert.deepEqual(unused, []);
  });

  it('say what they mean and what to do', () => {
    for (const [type, { meaning, remedy }] of Object.entries(FAILURES)) {
      assert.match(meaning, /^[A-Z].*\.$/, type);
      assert.match(remedy, /^[A-Z].*\.$/, type);
      assert.equal(failureKind(type)?.remedy, remedy);
    }
    for (const type of ['toString', 'TypeError', '', undefined, null])
      assert.equal(failureKind(type), undefined);
  });

  it('are tried again, after a time where one is known, or never', () => {
    const final = finalFailure('DataError', 'no rows');
    assert.deepEqual(
      [final.type, final.message, final.nonRetryable],
      ['DataError', 'no rows', true],
    );
    const passing = passingFailure('EndpointError', 'busy', 5_000);
    assert.deepEqual([passing.nonRetryable, passing.nextRetryDelay], [false, 5_000]);
    assert.equal(passingFailure('EndpointError', 'busy').nextRetryDelay, undefined);
  });
});

describe('our own errors', () => {
  it('all derive from SemiEvolError, but the refusals of HTTP servers', async () => {
    const others = await found(/class (\w+) extends (?:Type|Range)?Error\b/g);
    assert.deepEqual(others.map(({ text }) => text).sort(), [
      'ApiError',
      'Refusal',
      'SemiEvolError',
    ]);
  });

  it('are told apart by their names', async () => {
    const { ConfigError } = await import('../../config/errors.ts');
    const error = new ConfigError('a field is wrong: correct it');
    assert.ok(error instanceof SemiEvolError);
    assert.deepEqual([error.name, error.isOfInput], ['ConfigError', true]);
    assert.match(String(error), /^ConfigError: a field/);
  });
});
