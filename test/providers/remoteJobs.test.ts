import assert from 'node:assert/strict';
import fc from 'fast-check';
import { describe, it } from 'mocha';
import { keyed } from '../../providers/remoteJobs.ts';

const NAMES = { path: ['run', 1, 'warm-up'], label: 'r1-warm-up' };

type Json = null | boolean | number | string | Json[] | { [field: string]: Json };

/** JSON as it comes out of a history: no -0, and no half of a surrogate pair. */
const json = fc
  .jsonValue({ maxDepth: 3 })
  .map((value) => JSON.parse(JSON.stringify(value)) as Json);
const request = fc.dictionary(fc.string(), json, { minKeys: 1 });

describe('the key of a request', () => {
  it('is another for every change of any field, however deep', () => {
    fc.assert(
      fc.property(request, fc.nat(), fc.string(), (asked, place, text) => {
        const places = placesIn(asked);
        const path = places[place % places.length]!;
        const changed = changedAt(asked, path, text);
        const [before, after] = [asked, changed].map((one) => keyed(one as object, NAMES));
        assert.notEqual(before!.key, after!.key);
        assert.notEqual(before!.name, after!.name);
      }),
    );
  });

  it('is another for a field more', () => {
    fc.assert(
      fc.property(request, fc.string(), json, (asked, field, value) => {
        fc.pre(!Object.hasOwn(asked, field) && field !== '__proto__');
        assert.notEqual(keyed({ ...asked, [field]: value }, NAMES).key, keyed(asked, NAMES).key);
      }),
    );
  });

  it('is the same in any order of the fields, and without those that are undefined', () => {
    fc.assert(
      fc.property(request, (asked) => {
        const again = {
          ...(reversed(asked) as object),
          '': undefined,
          ...('' in asked && { '': asked[''] }),
        };
        assert.equal(keyed(again, NAMES).key, keyed(asked, NAMES).key);
      }),
    );
  });

  it('begins as a reader looks for it; the name ends in its hash, and every provider takes it', () => {
    const { key, name } = keyed({ epochs: 2 }, NAMES);
    assert.match(key, /^run\/1\/warm-up\/[0-9a-f]{32}$/);
    assert.match(name, /^r1-warm-up-[0-9a-f]{12}$/);
    assert.ok(key.endsWith(`${name.slice(-12)}${key.slice(-20)}`));
    const { name: long } = keyed({ epochs: 2 }, { ...NAMES, label: 'x'.repeat(64) });
    assert.match(long, /^x{27}-[0-9a-f]{12}$/);
  });

  it('there is none for what is no JSON', () => {
    for (const odd of [Number.NaN, Number.POSITIVE_INFINITY, '\ud800'])
      assert.throws(() => keyed({ odd }, NAMES));
  });
});

/** The paths to all that stands in a value, and is no object or list with something in it. */
function placesIn(value: Json): string[][] {
  if (typeof value !== 'object' || value === null) return [[]];
  const fields = Object.entries(value);
  if (fields.length === 0) return [[]];
  return fields.flatMap(([field, part]) => placesIn(part as Json).map((path) => [field, ...path]));
}

/** A copy that has something else at a path. */
function changedAt(value: Json, [field, ...rest]: string[], text: string): Json {
  if (field === undefined) return value === text ? `${text}!` : text;
  const copy = structuredClone(value) as Record<string, Json>;
  copy[field] = changedAt(copy[field]!, rest, text);
  return copy;
}

/** The same with the fields of each object in the opposite order. */
function reversed(value: Json): Json {
  if (Array.isArray(value)) return value.map(reversed);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .reverse()
      .map(([field, part]) => [field, reversed(part)]),
  );
}
