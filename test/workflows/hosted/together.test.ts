import assert from 'node:assert/strict';
import { it } from 'mocha';
import { failedFor } from '../../support/stack.ts';
import { BASE, KEY, PROJECT, Together } from '../../support/together/server.ts';
import { untilPending } from '../support.ts';
import { itTrains } from './itTrains.ts';

itTrains<Together>(
  'Together',
  {
    ...{ open: () => Together.open(), base: BASE, key: KEY },
    trainer: { type: 'together', project: PROJECT },
    asksForJob: ({ method, path }) => method === 'POST' && path === '/v1/fine-tunes',
    everyState: [
      ...['pending', 'queued', 'on_a_break', 'running', 'running', 'compressing', 'uploading'],
      'completed',
    ],
    ends: [
      ['error', 'JobFailed'],
      ['user_error', 'JobFailed'],
      ['cancelled', 'JobCancelled'],
      ['removed', 'JobVanished'],
    ],
    expire(together) {
      for (const { id } of together.billed()) together.deployments.finish(id, 'STOPPED');
    },
    isTuned: (name) => name.includes(':'),
    isDeployed: (name) => name.startsWith('stand-in/semievol/'),
    standing: (together) => together.billed(),
  },
  (place) => {
    it('says that a job was cancelled over the balance, and what to do', async () => {
      place.provider.script = ['pending', 'queued', 'running'];
      place.provider.jobs.hold();
      const handle = await place.start('poor');
      const { id } = await place.jobFor('poor');
      place.provider.balance = 1;
      place.provider.jobs.release();
      await assert.rejects(handle.result(), (error: Error) => {
        assert.match(String((error.cause as Error).cause), /exceeds the balance.*top up/);
        return failedFor('JobCancelled')(error);
      });
      assert.equal(place.provider.jobs.get(id).status, 'cancelled');
    });

    it('waits for money before there is a job', async () => {
      const handle = await place.start('poorer');
      const id = 'together-poorer';
      await untilPending(place.bench, id, ({ trouble }) => /cannot pay/.test(trouble ?? ''));
      assert.deepEqual(place.jobsFor('poorer'), []);
      place.provider.balance = 1e9;
      place.provider.script = ['pending', 'completed'];
      await handle.result();
    });
  },
);
