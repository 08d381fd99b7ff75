import assert from 'node:assert/strict';
import { utimes } from 'node:fs/promises';
import { createServer } from 'node:net';
import { describe, it } from 'mocha';
import { recordFile, runningStack, writeRecord } from '../../stack/record.ts';
import { portForLater } from '../support/port.ts';
import { useFolder } from '../support/suite.ts';

describe('record of a running stack', () => {
  const files = useFolder('suite');
  it('counts while it starts and while its Temporal has its port, not when its number is another’s', async () => {
    const temporalPort = await portForLater();
    const place = { state: files.path, temporalPort, uiPort: 1, enginePort: 2 };
    assert.equal(await runningStack(place.state), undefined);
    writeRecord(place);
    assert.deepEqual(await runningStack(place.state), { ...place, pid: process.pid });
    const longAgo = new Date(Date.now() - 3_600_000);
    await utimes(recordFile(place.state), longAgo, longAgo);
    assert.equal(await runningStack(place.state), undefined);
    const temporal = createServer();
    await new Promise<void>((resolve) => temporal.listen(temporalPort, '127.0.0.1', resolve));
    try {
      assert.equal((await runningStack(place.state))?.pid, process.pid);
    } finally {
      temporal.close();
    }
  });
});
