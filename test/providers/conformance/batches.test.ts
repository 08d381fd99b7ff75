import { describe } from 'mocha';
import { BatchJobs, type BatchOrder } from '../../../providers/batch/batchJobs.ts';
import type { JobState } from '../../../providers/jobState.ts';
import { keyed } from '../../../providers/remoteJobs.ts';
import type { Provider } from '../../../testing/provider.ts';
import { startProvider } from '../../../testing/provider.ts';
import { use } from '../../support/suite.ts';
import { startTogetherBatches } from '../../support/togetherBatches.ts';
import { endpointAt, MODEL } from '../support.ts';
import { itKeepsJobs } from './itKeepsJobs.ts';
import { openFront } from './lossyFront.ts';

/** What there is of a batch that has ended is its result, however it ended. */
const STATUSES: Record<string, JobState> = {
  ...{ validating: 'pending', in_progress: 'running' },
  ...{ completed: 'succeeded', expired: 'succeeded', failed: 'succeeded', cancelled: 'succeeded' },
  on_a_break: 'pending',
};
const ONLY_OPENAI: Record<string, JobState> = { finalizing: 'running', cancelling: 'cancelling' };

/** A wire with what stands in for its provider. */
interface Wire {
  baseURL: string;
  provider: Provider;
  close(): Promise<void>;
}

const WIRES = {
  async openai(): Promise<Wire> {
    const provider = await startProvider({ holdBatches: true });
    return { baseURL: provider.baseURL, provider, close: () => provider.close() };
  },
  together: (): Promise<Wire> => startTogetherBatches({ holdBatches: true }),
};

for (const [wire, start] of Object.entries(WIRES))
  describe(`batches over the wire of ${wire} conform:`, () => {
    const open = async () => {
      const under = await start();
      const front = await openFront(under.baseURL);
      const endpoint = endpointAt({ baseURL: `${front.address}/v1` }, { batches: { wire } });
      return { under, front, endpoint };
    };
    const at = use('test', open, async ({ under, front }) => {
      await front.close();
      await under.close();
    });

    async function order(seed = 7): Promise<BatchOrder> {
      const { baseURL } = at.under.provider;
      const body = { model: MODEL, messages: [{ role: 'user', content: 'Two and two?' }] };
      const url = '/v1/chat/completions';
      const lines = ['a', 'b'].map((custom_id) => ({ custom_id, method: 'POST', url, body }));
      const form = new FormData();
      form.append('purpose', 'batch');
      const content = lines.map((line) => `${JSON.stringify(line)}\n`);
      form.append('file', new Blob(content), `file-${seed}.jsonl`);
      const sent = await fetch(`${baseURL}/files`, { method: 'POST', body: form });
      const { id: fileId } = (await sent.json()) as { id: string };
      const request = {
        ...{ namespace: 'default', store: 'store', run: 'run', round: 1, dataset: 'data' },
        ...{ baseURL, path: url, model: MODEL, sha256: '', time: seed },
      };
      return { ...keyed(request, { path: ['run', 1, 'batch'], label: 'r1-batch' }), fileId };
    }

    itKeepsJobs(() => ({
      keeper: () => new BatchJobs(at.endpoint, at.endpoint.config.batches!),
      order,
      statuses: wire === 'openai' ? { ...STATUSES, ...ONLY_OPENAI } : STATUSES,
      jobs: () =>
        at.under.provider.batches.all().map(({ id, status }) => ({
          id,
          isGoing: ['pending', 'running'].includes({ ...STATUSES, ...ONLY_OPENAI }[status]!),
        })),
      become: (id, status) => at.under.provider.batches.finish(id, status),
      succeedWithoutResult(id) {
        const request_counts = { total: 1, completed: 0, failed: 0 };
        at.under.provider.batches.finish(id, { status: 'completed', request_counts });
      },
      remove: (id) => at.under.provider.batches.remove(id),
      lose: at.front.lose,
    }));
  });
