import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { z } from 'zod';
import { sentenceOf } from '../../core/issues.ts';

describe('sentenceOf', () => {
  const schema = z.strictObject({
    count: z.number().int().min(1).max(9).optional(),
    share: z.number().gt(0).optional(),
    name: z.string().min(1).optional(),
    code: z.string().regex(/^\d+$/, 'use digits').optional(),
    list: z.array(z.string()).min(2).optional(),
    kind: z.enum(['a', 'b', 'c']).optional(),
    files: z.union([z.string(), z.array(z.string().startsWith('/', 'begin with /'))]).optional(),
    means: z.union([z.enum(['x', 'y']), z.record(z.string(), z.string())]).optional(),
    inner: z.strictObject({ needed: z.boolean() }).optional(),
  });
  const said = (input: unknown, showTexts = true) =>
    schema
      .safeParse(input)
      .error!.issues.map((issue) => sentenceOf(issue, input, { showTexts }))
      .join('; ');

  it('says what a value must be, what it is, and the remedy', () => {
    const cases: [object, string][] = [
      [{ count: 'ten' }, 'count must be a number, not the text "ten"'],
      [{ count: '10' }, 'count must be a number, not the text "10". Write it without quotes'],
      [{ count: 0 }, 'count must be at least 1, not 0'],
      [{ count: 10 }, 'count must be at most 9, not 10'],
      [{ share: 0 }, 'share must be more than 0, not 0'],
      [{ name: '' }, 'name must not be empty'],
      [{ name: null }, 'name must be a text, not nothing'],
      [{ name: true }, 'name must be a text, not true. Put quotes around it: "true"'],
      [{ code: 'x' }, 'code cannot be the text "x": use digits'],
      [{ list: ['x'] }, 'list must have at least 2 entries, not a list of 1'],
      [{ list: ['x', 2] }, 'list[1] must be a text, not 2. Put quotes around it: "2"'],
      [{ kind: 'd' }, 'kind must be "a", "b" or "c", not the text "d"'],
      [{ files: {} }, 'files must be a text or a list, not fields with values'],
      [{ files: ['/a', 'b'] }, 'files[1] cannot be the text "b": begin with /'],
      [{ means: { 0: true } }, 'means.0 must be a text, not true. Put quotes around it: "true"'],
      [{ means: 'z' }, 'means must be "x" or "y", not the text "z"'],
      [{ inner: {} }, 'inner.needed is missing'],
      [{ other: 1 }, 'unknown field other'],
    ];
    for (const [input, sentence] of cases) assert.equal(said(input), sentence);
    assert.equal(said([1]), 'the file must be fields with values, not a list of 1');
  });

  it('shows no text where texts may be secrets, and no long one ever', () => {
    assert.equal(said({ kind: 'secret' }, false), 'kind must be "a", "b" or "c", not that text');
    assert.ok(said({ kind: 'x'.repeat(1_000) }).length < 100);
    assert.ok(!said({ kind: '\u001b[31m' }).includes('\u001b'));
  });
});
