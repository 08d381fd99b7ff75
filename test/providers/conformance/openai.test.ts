import { Trainers } from '../../../providers/trainers/index.ts';
import { startProvider } from '../../../testing/provider.ts';
import { endpointAt, MODEL } from '../support.ts';
import { itConforms } from './itConforms.ts';
import { openFront } from './lossyFront.ts';
import { OPENAI_STATUSES, openaiJobs } from './openaiJobs.ts';

itConforms('the trainer over the wire of OpenAI', async () => {
  const provider = await startProvider({ holdJobs: true });
  const front = await openFront(provider.baseURL);
  const baseURL = `${front.address}/v1`;
  return {
    ...openaiJobs(provider),
    trainer: () => new Trainers().of(endpointAt({ baseURL })),
    ...{ spec: { type: 'openai' }, base: MODEL, statuses: OPENAI_STATUSES, lose: front.lose },
    async close() {
      await front.close();
      await provider.close();
    },
  };
});
