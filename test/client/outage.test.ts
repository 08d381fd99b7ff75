import assert from 'node:assert/strict';
import { Client, Connection, ServiceError } from '@temporalio/client';
import { NamespaceNotFoundError } from '@temporalio/common';
import { describe, it } from 'mocha';
import { SemiEvolClient } from '../../client/client.ts';
import { overOutages } from '../../client/outage.ts';

/** As the client of Temporal tells what gRPC answered. */
const refusal = (code: number) =>
  new ServiceError('Failed to describe workflow', {
    cause: Object.assign(new Error(`code ${code}`), { code, details: '', metadata: {} }),
  });

describe('over an outage of Temporal', () => {
  it('is asked again until it answers', async () => {
    const failures = [refusal(14), refusal(4), new NamespaceNotFoundError('default')];
    const answer = await overOutages(async () => {
      const failure = failures.shift();
      if (failure) throw failure;
      return 'there';
    });
    assert.equal(answer, 'there');
  });

  it('is not asked again what it refuses', async () => {
    for (const error of [refusal(5), refusal(7), refusal(16), new TypeError('our own')])
      await assert.rejects(
        overOutages(async () => {
          throw error;
        }),
        error,
      );
  });

  it('is waited for no longer than the signal says', async () => {
    const controller = new AbortController();
    const reason = new Error('enough');
    const asking = overOutages(async () => {
      controller.abort(reason);
      throw refusal(14);
    }, controller.signal);
    await assert.rejects(asking, reason);
  });

  it('is waited for no longer than the signal says, where it was never there', async function () {
    this.timeout(10_000); // a connection tries for twenty seconds
    const connection = Connection.lazy({ address: '127.0.0.1:1' });
    const run = new SemiEvolClient(new Client({ connection })).get('some');
    const signal = AbortSignal.timeout(50);
    await assert.rejects(run.follow({ signal }).next(), { name: 'TimeoutError' });
    await assert.rejects(run.result({ signal }), { name: 'TimeoutError' });
  });
});
