import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { aProvider, EMBEDDER, endpointAt, soon, untilTrouble } from './support.ts';

describe('An endpoint embeds', () => {
  const here = aProvider();

  it('in order, and counts the tokens', async () => {
    const sent = here.bodies();
    const { vectors, promptTokens } = await endpointAt(here.provider).embed(EMBEDDER, ['a b', 'c']);
    assert.deepEqual(sent[0]!.input, ['a b', 'c']);
    assert.equal(promptTokens, 3);
    assert.deepEqual(
      vectors[1],
      (await endpointAt(here.provider).embed(EMBEDDER, ['c'])).vectors[0],
      'the vector does not depend on what else is asked',
    );
  });

  it('but never with a vector too few', async () => {
    const data = [{ index: 1, embedding: [1, 0] }];
    for (const fault of [{ status: 200, body: { data } }, 'wrong-type', 'truncated'] as const) {
      here.always(fault);
      const endpoint = endpointAt(here.provider);
      const asking = endpoint.embed(EMBEDDER, ['a', 'b']);
      await untilTrouble(endpoint, /cannot be read/);
      here.provider.setFaults(undefined);
      assert.ok((await asking).vectors.every((vector) => vector!.length > 0));
    }
  });

  /** What a plan refuses of the texts it is given. */
  const refuse = (isRefused: (texts: string[]) => boolean, status = 413) =>
    here.provider.setFaults(({ body }) =>
      isRefused(body?.input as string[])
        ? { status, headers: soon, body: { error: { message: 'no' } } }
        : undefined,
    );
  const texts = Array.from({ length: 12 }, (_, index) => `text number ${index}`);
  const alone = async () => (await endpointAt(here.provider).embed(EMBEDDER, texts)).vectors;

  it('in halves where they are too many, and knows it the next time', async () => {
    const expected = await alone();
    refuse((input) => input.length > 3);
    const endpoint = endpointAt(here.provider);
    assert.deepEqual((await endpoint.embed(EMBEDDER, texts)).vectors, expected);
    const before = here.provider.requests().length;
    const again = await endpoint.embed(EMBEDDER, texts);
    assert.deepEqual(again.vectors, expected);
    assert.deepEqual([again.requests, here.provider.requests().length - before], [4, 4]);
  });

  for (const status of [400, 500])
    it(`all but one that gets ${status} for good`, async () => {
      const expected = await alone();
      refuse((input) => input.includes('text number 7'), status);
      const { vectors, cut } = await endpointAt(here.provider).embed(EMBEDDER, texts);
      assert.deepEqual(vectors, expected.with(7, null as never));
      assert.equal(cut, 0);
    });

  it('one that is too long by its beginning', async () => {
    const long = 'word '.repeat(500);
    refuse((input) => input.some((text) => text.length > 700));
    const { vectors, cut } = await endpointAt(here.provider).embed(EMBEDDER, ['short', long]);
    assert.ok(vectors.every((vector) => vector));
    assert.equal(cut, 1);
  });

  it('as plain numbers where base64 is refused', async () => {
    const expected = await alone();
    here.provider.setFaults(({ body }) =>
      body?.encoding_format === 'base64'
        ? { status: 400, body: { error: { message: 'no', param: 'encoding_format' } } }
        : undefined,
    );
    const { vectors } = await endpointAt(here.provider).embed(EMBEDDER, texts);
    for (const [index, vector] of vectors.entries())
      vector!.forEach((value, at) => {
        assert.ok(Math.abs(value - expected[index]![at]!) < 1e-6);
      });
  });
});
