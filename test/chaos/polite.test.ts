import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { useFolder } from '../support/suite.ts';
import { polite } from './polite.ts';

describe('polite chaos', function () {
  this.timeout(1_000_000);
  const folder = useFolder('suite');

  it('leaves no trace in the results, and none that the reports do not tell of', async () => {
    const lines: string[] = [];
    const result = await polite({
      ...{ seed: 5, scale: 0.1 },
      sizes: { labelled: 10, unlabelled: 30, test: 10 },
      latencyMs: 40,
      pollSeconds: 0.1,
      folder: folder.path,
      say: (line) => lines.push(line),
      signal: AbortSignal.timeout(900_000),
    });
    assert.ok(result.fine, `${lines.join('\n')}\n${JSON.stringify(result, null, 2)}`);
  });
});
