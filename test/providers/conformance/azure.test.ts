import { Trainers } from '../../../providers/trainers/index.ts';
import { startProvider } from '../../../testing/provider.ts';
import { Azure, TOKEN } from '../../support/azure/azure.ts';
import { endpointAt, MODEL } from '../support.ts';
import { itConforms } from './itConforms.ts';
import { openFront } from './lossyFront.ts';
import { OPENAI_STATUSES, openaiJobs } from './openaiJobs.ts';

itConforms(
  'the trainer of Azure',
  async () => {
    process.env.AZURE_MANAGEMENT_TOKEN = TOKEN;
    const provider = await startProvider({ holdJobs: true });
    // What becomes of a deployment the tests say.
    const azure = await Azure.start({ states: ['Accepted'], unknownFor: 0 }, provider);
    const front = await openFront(azure.address);
    const given = { ...azure.endpoint.trainer, management: front.address };
    const spec = new Trainers().spec.parse(given);
    const baseURL = `${front.address}/openai/v1`;
    return {
      ...openaiJobs(provider),
      trainer: () => new Trainers().of(endpointAt({ baseURL }, { trainer: spec })),
      ...{ spec, base: MODEL, statuses: OPENAI_STATUSES, lose: front.lose },
      deployments: {
        lose: front.lose,
        statuses: {
          ...{ Accepted: 'pending', Creating: 'pending', Moving: 'pending', Succeeded: 'ready' },
          ...{ Failed: 'failed', Canceled: 'failed', Disabled: 'failed', Deleting: 'gone' },
          'State-of-next-year': 'pending',
        },
        standing: () => azure.standing,
        become: (name, state) => azure.become(name, state),
        expire: (name) => azure.remove(name),
        async answers(model) {
          const { client } = endpointAt({ baseURL });
          const messages = [{ role: 'user' as const, content: 'Well?' }];
          return client.chat.completions.create({ model, messages }).then(
            () => true,
            () => false,
          );
        },
      },
      async close() {
        await front.close();
        await azure.close();
        delete process.env.AZURE_MANAGEMENT_TOKEN;
      },
    };
  },
  { deploys: true },
);
