import { Trainers } from '../../../providers/trainers/index.ts';
import { BASE, KEY, PROJECT, Together } from '../../support/together/server.ts';
import { KEY_ENV } from '../../support/training.ts';
import { endpointAt } from '../support.ts';
import { itConforms } from './itConforms.ts';
import { openFront } from './lossyFront.ts';

itConforms(
  'the trainer of Together',
  async () => {
    process.env[KEY_ENV] = KEY;
    const together = await Together.open();
    const { jobs, deployments } = together;
    // What becomes of a deployment the tests say.
    together.deploymentScript = ['PROVISIONING'];
    const front = await openFront(together.address);
    const spec = new Trainers().spec.parse({ type: 'together', project: PROJECT });
    // Until something is gone takes as long as it takes.
    const config = { apiKeyEnv: KEY_ENV, pollSeconds: 0.01, finalAfterSeconds: 120, trainer: spec };
    const endpoint = () => endpointAt({ baseURL: `${front.address}/v1` }, config);
    const own = (id: string) => id.split('/')[1]!;
    return {
      trainer: () => new Trainers().of(endpoint()),
      ...{ spec, base: BASE, lose: front.lose },
      statuses: {
        ...{ pending: 'pending', queued: 'pending', running: 'running', compressing: 'running' },
        ...{ uploading: 'running', cancel_requested: 'cancelling', cancelled: 'cancelled' },
        ...{ error: 'failed', user_error: 'failed', completed: 'succeeded' },
        'a-status-of-next-year': 'pending',
      },
      jobs: () =>
        jobs.all().map(({ id, status }) => ({
          id,
          isGoing: !jobs.isOver(id) && status !== 'cancel_requested',
        })),
      files: () => together.files.all().filter(({ content }) => content).length,
      become: (id, status) => jobs.finish(id, status),
      succeedWithoutModel: (id) =>
        jobs.finish(id, { status: 'completed', model_output_name: undefined }),
      remove: (id) => jobs.remove(id),
      deployments: {
        lose: front.lose,
        statuses: {
          ...{ PROVISIONING: 'pending', READY: 'ready', FAILED: 'failed', STOPPED: 'gone' },
          ...{ STOPPING: 'gone', 'STATE-OF-NEXT-YEAR': 'pending' },
        },
        standing: () => together.billed().map(({ id }) => id),
        become(id, status) {
          deployments.finish(own(id), status);
          if (status === 'STOPPING') deployments.lead(own(id), ['STOPPED']);
        },
        expire: (id) => deployments.finish(own(id), 'STOPPED'),
        answers: (model) =>
          endpoint()
            .client.chat.completions.create({
              model,
              messages: [{ role: 'user', content: 'Well?' }],
            })
            .then(
              () => true,
              () => false,
            ),
      },
      async close() {
        await front.close();
        await together.close();
      },
    };
  },
  { deploys: true },
);
