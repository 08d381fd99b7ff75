import type { Provider } from '../../../testing/provider.ts';
import type { TrainerUnderTest } from './under.ts';

/** The words of OpenAI's wire, one that nobody knows included. */
export const OPENAI_STATUSES: TrainerUnderTest['statuses'] = {
  ...{ validating_files: 'pending', queued: 'pending', pausing: 'pending', paused: 'pending' },
  ...{ running: 'running', succeeded: 'succeeded', failed: 'failed', cancelled: 'cancelled' },
  'a-status-of-next-year': 'pending',
};

/** A hand on the jobs of a stand-in for OpenAI. */
export const openaiJobs = (provider: Provider) => {
  const { jobs } = provider;
  return {
    jobs: () =>
      jobs.all().map(({ id, status }) => ({
        id,
        isGoing: !['succeeded', 'failed', 'cancelled'].includes(status),
      })),
    files: () => provider.requests({ path: '/files', method: 'POST', status: 200 }).length,
    become: (id, status) => jobs.finish(id, status),
    succeedWithoutModel: (id) => jobs.finish(id, { status: 'succeeded', fine_tuned_model: null }),
    remove: (id) => jobs.remove(id),
  } satisfies Partial<TrainerUnderTest>;
};
