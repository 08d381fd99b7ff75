import { existsSync, readdirSync } from 'node:fs';
import { cp, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { JobState } from '../../../providers/jobState.ts';
import type { TrainingOrder } from '../../../providers/trainer.ts';
import { isAlive } from '../../../providers/trainers/command/identity.ts';
import { lookUntil } from '../../support/lookUntil.ts';
import { Vllm } from '../../support/vllm/vllm.ts';
import { BASE, Workshop } from '../command/support.ts';
import { endpointAt } from '../support.ts';
import { itConforms } from './itConforms.ts';
import { openFront } from './lossyFront.ts';
import type { DeploymentsUnderTest, TrainerUnderTest } from './under.ts';

/** More than there are jobs in a test: none waits for another. */
const MANY = { maxJobs: 100 };
const FUSE = fileURLToPath(new URL('../../support/command/fuse.mjs', import.meta.url));

/** What serves the models of a workshop, in the place of one without deployments. */
interface Served {
  /** The trainer's `serving`. */
  serving: object;
  /** Of the endpoint. */
  baseURL?: string;
  deployments: DeploymentsUnderTest;
  close(): Promise<void>;
}

/** The trainer with its state folder, and what serves its models. */
async function open(serve?: (shop: Workshop) => Promise<Served>): Promise<TrainerUnderTest> {
  const shop = await Workshop.open();
  const served = await serve?.(shop);
  const more = { ...MANY, ...(served && { serving: served.serving }) };
  const orders = new Map<string, TrainingOrder>();
  const ended = new Set<string>();
  const statuses: Record<string, JobState> = {
    ...{ queued: 'pending', starting: 'running', training: 'running', interrupted: 'pending' },
    ...{ failed: 'failed', completed: 'succeeded', cancelled: 'cancelled' },
  };
  const list = (...path: string[]) => {
    const folder = join(shop.state, ...path);
    return existsSync(folder) ? readdirSync(folder) : [];
  };
  /** A name of a job holds its number behind the last dash. */
  const folderOf = (id: string) =>
    join(shop.state, 'jobs', id.replace(/-\d+$/, ''), id.replace(/.*-/, ''));
  /** The trainer, whose orders are remembered by the ids of their jobs. */
  const trainer = () => {
    const made = shop.trainer(more, served?.baseURL);
    const { adoptOrCreate } = made;
    made.adoptOrCreate = async (order) => {
      const job = await adoptOrCreate.call(made, order);
      orders.set(job.id, order);
      return job;
    };
    return made;
  };
  /** The command of a job, started where there is none. */
  async function puppetOf(id: string) {
    await trainer().poll(id, orders.get(id)!);
    const isIts = ({ config }: { config: object }) =>
      String((config as { adapter_path: string }).adapter_path).startsWith(`${folderOf(id)}/`);
    return shop.puppeteer.find(isIts);
  }
  async function untilOver(id: string) {
    const keeper = await readFile(join(folderOf(id), '1', 'keeper.json'), 'utf8');
    await lookUntil(
      () => isAlive(JSON.parse(keeper)),
      (alive) => !alive,
    );
  }

  return {
    ...{ trainer, spec: shop.spec(more), base: BASE, statuses },
    jobs: () =>
      list('jobs').flatMap((name) =>
        list('jobs', name).map((number) => {
          const id = `${name}-${number}`;
          return { id, isGoing: !ended.has(id) && !existsSync(join(folderOf(id), 'cancelled')) };
        }),
      ),
    files: () => list('files').length,
    async become(id, status) {
      if (status === 'queued') return;
      if (status === 'cancelled') {
        await trainer().cancel(orders.get(id)!);
        return;
      }
      const puppet = await puppetOf(id);
      if (status === 'starting') return;
      if (status === 'failed') await puppet.exit(1);
      else await puppet.step(status === 'completed' ? 2 : 1);
      if (status === 'interrupted') process.kill(puppet.pid, 'SIGKILL');
      if (status === 'completed') {
        await puppet.does('save');
        await puppet.exit(0);
      }
      if (status !== 'training') await untilOver(id);
      if (status === 'failed' || status === 'completed') ended.add(id);
    },
    remove: (id) => rm(folderOf(id), { recursive: true }),
    ...(served && { deployments: served.deployments }),
    async close() {
      for (const order of orders.values()) await trainer().cancel(order);
      await served?.close();
      await shop.close();
    },
  };
}

/** Adapters at a vLLM, which puts them up at once. */
const atVllm = (load: 'call' | 'resolver') => async (shop: Workshop) => {
  const models = join(shop.state, 'models');
  const vllm = await Vllm.start({
    base: { name: BASE, path: BASE },
    answer: async ({ model }) => ({ model, choices: [] }),
    ...(load === 'resolver' && { resolver: models }),
  });
  const front = await openFront(vllm.baseURL);
  const { client } = endpointAt(vllm);
  const unload = async (name: string) => {
    await client.post('/unload_lora_adapter', { body: { lora_name: name } }).asResponse();
  };
  return {
    serving: { type: 'vllm', load },
    baseURL: `${front.address}/v1`,
    deployments: {
      statuses: { loaded: 'ready', 'not loaded': 'gone', another: 'failed' },
      standing: () => vllm.loaded,
      async become(name, status) {
        if (status === 'loaded') return;
        await unload(name);
        if (status === 'not loaded') return;
        const elsewhere = join(shop.folder, 'elsewhere');
        await cp(join(models, name), elsewhere, { recursive: true });
        const body = { lora_name: name, lora_path: elsewhere };
        await client.post('/load_lora_adapter', { body }).asResponse();
      },
      expire: unload,
      // A resolver puts up whatever is asked for: what is not up is not asked.
      answers: async (model) =>
        vllm.loaded.includes(model) &&
        client.chat.completions.create({ model, messages: [{ role: 'user', content: '?' }] }).then(
          () => true,
          () => false,
        ),
      lose: front.lose,
    },
    async close() {
      await front.close();
      await vllm.close();
    },
  } satisfies Served;
};

/** Models that are merged into folders, which is all that mlx_lm.server needs of them. */
const merged = async (shop: Workshop) => {
  const fused = join(shop.state, 'fused');
  const expire = (name: string) => rm(join(fused, name), { recursive: true });
  return {
    serving: { type: 'mlx-lm', fuse: [process.execPath, FUSE] },
    deployments: {
      statuses: { merged: 'ready', 'not merged': 'gone' },
      standing: () => (existsSync(fused) ? readdirSync(fused) : []),
      become: (name, status) => (status === 'merged' ? undefined : expire(name)),
      expire,
      answers: async (folder) => existsSync(join(folder, 'model.safetensors')),
    },
    async close() {},
  } satisfies Served;
};

itConforms('the trainer by a command', () => open());
for (const load of ['call', 'resolver'] as const)
  itConforms(
    `the trainer by a command, models at a vLLM by its ${load},`,
    () => open(atVllm(load)),
    { deploys: true },
  );
itConforms('the trainer by a command, models for mlx_lm.server,', () => open(merged), {
  deploys: true,
});
