import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { Redaction } from '../../core/redaction.ts';

function without(sentence: string, ...texts: string[]): string {
  const redaction = new Redaction(sentence);
  for (const text of texts) redaction.hide(text);
  return redaction.kept;
}

describe('a sentence without texts', () => {
  const text = 'A passage about "xylophages" that eat wood.';

  it('loses what it repeats of them, in any case and as JSON has it, and keeps the rest', () => {
    for (const quoted of [
      text,
      text.toUpperCase(),
      'about "xylophages" that',
      JSON.stringify(text),
    ]) {
      const kept = without(`Row 3 is wrong (${quoted}): not alternating`, text);
      assert.match(kept, /^Row 3 is wrong \("?…"?\): not alternating$/);
    }
  });

  it('loses short ones where they stand whole', () => {
    const kept = without('no "plant" here, nor a 😀 B', 'plant', ' B ', 'pl');
    assert.equal(kept, 'no "…" here, nor a 😀 B');
  });

  it('stays as it is where they share a few characters only', () => {
    const sentence = 'every passage needs a role';
    assert.equal(without(sentence, text, ''), sentence);
    assert.equal(without('', text), '');
  });
});
