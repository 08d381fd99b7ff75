import type { JobState } from '../../../providers/jobState.ts';
import { Trainers } from '../../../providers/trainers/index.ts';
import { startProvider } from '../../../testing/provider.ts';
import { endpointAt, MODEL } from '../support.ts';
import { itConforms } from './itConforms.ts';
import { openFront } from './lossyFront.ts';

itConforms('the trainer over the wire of OpenAI', async () => {
  const provider = await startProvider({ holdJobs: true });
  const front = await openFront(provider.baseURL);
  const baseURL = `${front.address}/v1`;
  const { jobs } = provider;
  const statuses: Record<string, JobState> = {
    ...{ validating_files: 'pending', queued: 'pending', pausing: 'pending', paused: 'pending' },
    ...{ running: 'running', succeeded: 'succeeded', failed: 'failed', cancelled: 'cancelled' },
    'a-status-of-next-year': 'pending',
  };
  return {
    trainer: () => new Trainers().of(endpointAt({ baseURL })),
    ...{ spec: { type: 'openai' }, base: MODEL, statuses },
    jobs: () =>
      jobs.all().map(({ id, status }) => ({
        id,
        isGoing: !['succeeded', 'failed', 'cancelled'].includes(status),
      })),
    files: () => new Set(provider.requests({ path: '/files', method: 'POST', status: 200 })).size,
    become: (id, status) => jobs.finish(id, status),
    succeedWithoutModel: (id) => jobs.finish(id, { status: 'succeeded', fine_tuned_model: null }),
    remove: (id) => jobs.remove(id),
    lose: front.lose,
    async close() {
      await front.close();
      await provider.close();
    },
  };
});
