import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { type BatchesStatus, batchesProgress, waitsForBatches } from '../../core/report/batches.ts';
import { markdown } from '../../core/report/markdown.ts';

const NOW = Date.UTC(2026, 10, 27, 12);

describe('the page of batches', () => {
  const page = (changes: Partial<BatchesStatus>) => {
    const status: BatchesStatus = {
      ...{ run: 'run', round: 1, phase: 'propagate', total: 60_000 },
      ...{ collected: { answered: 0, refused: 0 }, underWay: [] },
      ...changes,
    };
    return markdown([batchesProgress(status, NOW)]);
  };
  const batch = { endpoint: 'openai', requests: 50_000, batchId: 'batch-1' };

  it('says what is under way, where, and how far it is', () => {
    const text = page({ underWay: [batch, { endpoint: 'openai', requests: 10 }], seen: 1_200 });
    assert.match(text, /2 batches of 50,010 requests at openai/);
    assert.match(text, /batch-1 at openai: 50,000 requests/);
    assert.match(text, /a batch in the making/);
    assert.match(text, /1,200/);
  });

  it('says what was refused, and that nothing is waited for', () => {
    const text = page({ collected: { answered: 5, refused: 3 } });
    assert.match(text, /refused there, and sent by themselves.*3/);
    assert.equal(waitsForBatches({ underWay: [] }), undefined);
    assert.doesNotMatch(page({ collected: { answered: 5, refused: 0 } }), /refused/);
  });

  it('tells of batches that make no progress, and of full queues', () => {
    assert.match(
      page({ underWay: [{ ...batch, stalledSince: NOW }] }),
      /⚠ Batch batch-1.*no progress/,
    );
    assert.match(page({ underWay: [{ ...batch, isBusy: true }] }), /more is queued than is taken/);
  });
});
