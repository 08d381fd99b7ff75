import assert from 'node:assert/strict';
import fc from 'fast-check';
import { describe, it } from 'mocha';
import { readRow, requestLine } from '../../../providers/batch/lines.ts';

describe('rows of batches', () => {
  const outcome = (row: object) => readRow(JSON.stringify({ custom_id: 'a', ...row }))?.outcome;
  const answered = (status_code: number) => ({ response: { status_code, body: { x: 1 } } });

  it('are answered, refused, or to be sent again', () => {
    assert.deepEqual(outcome({ ...answered(200), error: null }), { body: { x: 1 } });
    for (const status of [400, 404, 413, 422]) assert.equal(outcome(answered(status)), 'refused');
    for (const status of [408, 409, 425, 429, 500, 503])
      assert.equal(outcome(answered(status)), 'unanswered', `${status}`);
    const ended = (code: string) => outcome({ response: null, error: { code, message: '' } });
    for (const code of ['batch_expired', 'batch_cancelled', 'server_error', 'rate_limit_exceeded'])
      assert.equal(ended(code), 'unanswered', code);
    assert.equal(ended('invalid_prompt'), 'refused');
    assert.equal(outcome({ response: null, error: null }), 'unanswered');
    assert.equal(outcome({}), 'unanswered');
  });

  it('are left out where they are none', () => {
    for (const line of ['', '{', '[]', '{"custom_id": 3}', '<html>'])
      assert.equal(readRow(line), undefined, line);
  });

  it('hold whatever is asked in one line each', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.string(), (content, id) => {
        const line = requestLine(id, '/v1/chat/completions', { content }).toString();
        assert.equal(line.split('\n').length, 2);
        assert.ok(line.endsWith('\n'));
        const { custom_id, body } = JSON.parse(line);
        assert.deepEqual([custom_id, body.content], [id, content]);
      }),
    );
  });
});
