import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { redacted } from '../../providers/redacted.ts';

describe("a provider's sentence", () => {
  it('has neither the key nor a part of one', () => {
    for (const said of ['Wrong key very-secret.', 'Incorrect API key provided: sk-ab***yz9.']) {
      const kept = redacted(said, [], 'very-secret');
      assert.match(kept, /^(Wrong key|Incorrect API key provided:) ….?$/);
    }
  });

  it('has nothing of the texts that were sent, nor long quotations of anything', () => {
    const text = 'what is the capital of the moon?';
    assert.equal(redacted(`You asked: ${text} No.`, [text]), 'You asked: … No.');
    assert.equal(redacted(`Bad value "${'x'.repeat(50)}" in it`), 'Bad value … in it');
    assert.equal(redacted(`Row {"q": "${'y'.repeat(50)}"}`), 'Row …');
  });

  it('is one line of characters that a terminal shows, and not long', () => {
    assert.equal(redacted('a\n\u001b[31mb\u0007\t c'), 'a [31mb c');
    assert.equal(redacted('no '.repeat(500)).length, 241);
  });
});
