import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { withoutTexts } from '../../activities/withoutTexts.ts';

async function* each(...texts: string[]) {
  yield* texts;
}

describe('a sentence without texts', () => {
  const text = 'A passage about "xylophages" that eat wood.';

  it('loses what it repeats of them, in any case and as JSON has it, and keeps the rest', async () => {
    for (const quoted of [
      text,
      text.toUpperCase(),
      'about "xylophages" that',
      JSON.stringify(text),
    ]) {
      const kept = await withoutTexts(`Row 3 is wrong (${quoted}): not alternating`, each(text));
      assert.match(kept, /^Row 3 is wrong \("?…"?\): not alternating$/);
    }
  });

  it('loses short ones where they stand whole', async () => {
    const kept = await withoutTexts('no "plant" here, nor a 😀 B', each('plant', ' B ', 'pl'));
    assert.equal(kept, 'no "…" here, nor a 😀 B');
  });

  it('stays as it is where they share a few characters only', async () => {
    const sentence = 'every passage needs a role';
    assert.equal(await withoutTexts(sentence, each(text, '')), sentence);
    assert.equal(await withoutTexts('', each(text)), '');
  });
});
