import { Trainers } from '../../../providers/trainers/index.ts';
import { ACCOUNT, BASE, Fireworks, KEPT, KEY } from '../../support/fireworks/server.ts';
import { KEY_ENV } from '../../support/training.ts';
import { endpointAt } from '../support.ts';
import { itConforms } from './itConforms.ts';
import { openFront } from './lossyFront.ts';
import type { DeploymentsUnderTest, TrainerUnderTest } from './under.ts';

/** The trainer with its stand-in, whose deployments the tests say all of. */
async function open(
  more: object,
  hand: (fireworks: Fireworks) => Omit<DeploymentsUnderTest, 'standing' | 'answers'>,
): Promise<TrainerUnderTest> {
  process.env[KEY_ENV] = KEY;
  const fireworks = await Fireworks.open();
  const { jobs, datasets } = fireworks;
  fireworks.deploymentScript = ['CREATING'];
  fireworks.addonScript = ['DEPLOYING'];
  const front = await openFront(fireworks.address);
  const spec = new Trainers().spec.parse({ type: 'fireworks', account: ACCOUNT, ...more });
  // Until something is gone takes as long as it takes.
  const config = { apiKeyEnv: KEY_ENV, pollSeconds: 0.01, finalAfterSeconds: 120, trainer: spec };
  const endpoint = () => endpointAt({ baseURL: `${front.address}/inference/v1` }, config);
  return {
    trainer: () => new Trainers().of(endpoint()),
    ...{ spec, base: BASE, lose: front.lose },
    statuses: {
      ...{ JOB_STATE_UNSPECIFIED: 'pending', JOB_STATE_CREATING: 'pending' },
      ...{ JOB_STATE_CREATING_INPUT_DATASET: 'pending', JOB_STATE_VALIDATING: 'pending' },
      ...{ JOB_STATE_PENDING: 'pending', JOB_STATE_IDLE: 'pending', JOB_STATE_PAUSED: 'pending' },
      ...{ JOB_STATE_RE_QUEUEING: 'pending', JOB_STATE_RUNNING: 'running' },
      ...{ JOB_STATE_WRITING_RESULTS: 'running', JOB_STATE_COMPLETED: 'succeeded' },
      ...{ JOB_STATE_EARLY_STOPPED: 'succeeded', JOB_STATE_FAILED: 'failed' },
      ...{ JOB_STATE_EXPIRED: 'failed', JOB_STATE_CANCELLING: 'cancelling' },
      ...{ JOB_STATE_CANCELLED: 'cancelled', JOB_STATE_DELETING: 'cancelling' },
      ...{ JOB_STATE_DELETING_CLEANING_UP: 'cancelling', JOB_STATE_OF_NEXT_YEAR: 'pending' },
    },
    jobs: () =>
      jobs.all().map(({ id, status }) => ({
        id,
        isGoing: !jobs.isOver(id) && !/CANCELLING|DELETING/.test(status),
      })),
    files: () => datasets.all().filter(({ content }) => content).length,
    become: (id, status) => jobs.finish(id, status.replace('JOB_STATE_', '')),
    succeedWithoutModel(id) {
      jobs.finish(id, 'COMPLETED');
      fireworks.models.delete(jobs.get(id).outputModel!);
    },
    remove: (id) => jobs.remove(id),
    deployments: {
      ...hand(fireworks),
      lose: front.lose,
      standing: () => fireworks.standing(),
      answers: (model) =>
        endpoint()
          .client.chat.completions.create({ model, messages: [{ role: 'user', content: 'Well?' }] })
          .then(
            () => true,
            () => false,
          ),
    },
    async close() {
      await front.close();
      await fireworks.close();
    },
  };
}

itConforms(
  'the trainer of Fireworks, a deployment for each model,',
  () =>
    open({}, ({ deployments }) => ({
      statuses: {
        ...{ CREATING: 'pending', READY: 'ready', FAILED: 'failed', DELETED: 'gone' },
        ...{ DELETING: 'gone', STATE_UNSPECIFIED: 'pending', OF_NEXT_YEAR: 'pending' },
      },
      become(id, status) {
        deployments.finish(id, status);
        if (status === 'DELETING') deployments.lead(id, ['DELETED']);
      },
      expire: (id) => deployments.finish(id, 'DELETED'),
    })),
  { deploys: true },
);

itConforms(
  'the trainer of Fireworks, models as addons of one deployment,',
  () =>
    open({ deployment: KEPT }, ({ addons }) => ({
      statuses: {
        ...{ DEPLOYING: 'pending', DEPLOYED: 'ready', UNDEPLOYING: 'gone', FAILED: 'failed' },
        ...{ STATE_UNSPECIFIED: 'pending', OF_NEXT_YEAR: 'pending' },
      },
      become(id, status) {
        const said = { code: 'RESOURCE_EXHAUSTED', message: 'There are 100 addons.' };
        addons.finish(id, status === 'FAILED' ? { status: 'STATE_UNSPECIFIED', said } : status);
      },
      expire: (id) => addons.remove(id),
    })),
  { deploys: true },
);
