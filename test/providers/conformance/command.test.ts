import { existsSync, readdirSync } from 'node:fs';
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { JobState } from '../../../providers/jobState.ts';
import type { TrainingOrder } from '../../../providers/trainer.ts';
import { isAlive } from '../../../providers/trainers/command/identity.ts';
import { BASE, Workshop } from '../command/support.ts';
import { itConforms } from './itConforms.ts';

/** More than there are jobs in a test: none waits for another. */
const MANY = { maxJobs: 100 };

itConforms('the trainer by a command', async () => {
  const shop = await Workshop.open();
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
    const made = shop.trainer(MANY);
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
    while (await isAlive(JSON.parse(keeper)));
  }

  return {
    ...{ trainer, spec: shop.spec(MANY), base: BASE, statuses },
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
    async close() {
      for (const order of orders.values()) await trainer().cancel(order);
      await shop.close();
    },
  };
});
