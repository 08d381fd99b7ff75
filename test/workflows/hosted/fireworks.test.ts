import assert from 'node:assert/strict';
import { it } from 'mocha';
import { ACCOUNT, BASE, Fireworks, KEPT, KEY } from '../../support/fireworks/server.ts';
import { untilPending } from '../support.ts';
import { itTrains } from './itTrains.ts';

itTrains<Fireworks>(
  'Fireworks',
  {
    ...{ open: () => Fireworks.open(), base: BASE, key: KEY },
    trainer: { type: 'fireworks', account: ACCOUNT },
    asksForJob: ({ method, path }) =>
      method === 'POST' && path.endsWith('/supervisedFineTuningJobs'),
    everyState: [
      ...['CREATING', 'CREATING_INPUT_DATASET', 'VALIDATING', 'PENDING', 'RE_QUEUEING', 'IDLE'],
      ...['RUNNING', 'PAUSED', 'DREAMING', 'RUNNING', 'WRITING_RESULTS', 'COMPLETED'],
    ],
    ends: [
      ['FAILED', 'JobFailed'],
      ['EXPIRED', 'JobFailed'],
      ['CANCELLED', 'JobCancelled'],
      ['removed', 'JobVanished'],
    ],
    expire({ deployments }) {
      for (const { id, status } of deployments.all())
        if (id !== KEPT && status === 'READY') deployments.finish(id, 'DELETED');
    },
    isTuned: (name) => name.startsWith(`accounts/${ACCOUNT}/models/`),
    isDeployed: (name) => name.includes('#'),
    standing: (fireworks) => fireworks.standing(),
  },
  (place) => {
    it('waits for an account that is suspended, before there is a job', async () => {
      place.provider.suspendState = 'CREDIT_DEPLETED';
      const handle = await place.start('poor');
      const id = 'fireworks-poor';
      await untilPending(place.bench, id, ({ trouble }) => /CREDIT_DEPLETED/.test(trouble ?? ''));
      assert.deepEqual(place.jobsFor('poor'), []);
      place.provider.suspendState = 'UNSUSPENDED';
      place.provider.script = ['CREATING', 'EARLY_STOPPED'];
      await handle.result();
    });
  },
);
