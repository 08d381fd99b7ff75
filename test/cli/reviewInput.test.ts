import assert from 'node:assert/strict';
import { PassThrough } from 'node:stream';
import { describe, it } from 'mocha';
import { reviewInput } from '../../cli/reviewInput.ts';

/** Standard input as a terminal gives it, or a pipe. */
function stdin(isTTY: boolean) {
  const raw: boolean[] = [];
  const stream = Object.assign(new PassThrough(), {
    isTTY,
    setRawMode: (on: boolean) => raw.push(on),
  });
  return { stream, raw, input: reviewInput(stream as unknown as NodeJS.ReadStream) };
}

describe('The input of a reviewer', () => {
  it('takes every key of a keyboard, quick ones too, and ends with Ctrl-C', async () => {
    const { stream, raw, input } = stdin(true);
    stream.write('1');
    assert.equal(await input.key(), '1');
    stream.write('bu');
    assert.deepEqual([await input.key(), await input.key()], ['b', 'u']);
    stream.write('\u0003');
    assert.equal(await input.key(), undefined);
    input.close();
    assert.deepEqual(raw, [true, false], 'the terminal is as it was');
  });

  it('takes a typed line between keys', async () => {
    const { stream, input } = stdin(true);
    const typed = input.line('');
    stream.write('a rose\n');
    assert.equal(await typed, 'a rose');
    stream.write('s');
    assert.equal(await input.key(), 's');
    input.close();
  });

  it('takes lines where there is no keyboard, to their end', async () => {
    const { stream, input } = stdin(false);
    stream.end('2\ne\na rose\n');
    assert.deepEqual(
      [await input.key(), await input.key(), await input.line(''), await input.key()],
      ['2', 'e', 'a rose', undefined],
    );
    input.close();
  });
});
