import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { useFolder } from '../../support/suite.ts';
import { months } from './months.ts';

describe('two months', function () {
  this.timeout(900_000);
  const folder = useFolder('suite');

  it('in short: nothing is lost, asked twice or different, with one of each disturbance', async () => {
    const lines: string[] = [];
    const result = await months({
      ...{ rounds: 5, segments: 12, seed: 1, deploys: 1, kills: 1, serverRestarts: 1 },
      ...{ latencyMs: 10, pollSeconds: 0.1, folder: folder.path },
      say: (line) => lines.push(line),
      signal: AbortSignal.timeout(880_000),
    });
    assert.ok(result.fine, `${lines.join('\n')}\n${JSON.stringify(result, null, 2)}`);
    const { deploys, kills, serverRestarts, reviews } = result;
    assert.deepEqual([deploys, kills, serverRestarts], [1, 1, 1]);
    assert.ok(reviews > 0);
  });
});
