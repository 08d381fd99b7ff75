import assert from 'node:assert/strict';
import { EventEmitter, once } from 'node:events';
import { mkdir, rename, rm, symlink, utimes } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { WorkflowFailedError, type WorkflowHandle } from '@temporalio/client';
import { Worker } from '@temporalio/worker';
import { after, before, describe, it } from 'mocha';
import { createCollect } from '../../activities/collect.ts';
import { failureOfData } from '../../activities/failureOfData.ts';
import { SemiEvolClient } from '../../client/client.ts';
import { defineConfig } from '../../config/config.ts';
import { messagesOf } from '../../core/errors.ts';
import type { Arrival } from '../../core/living/arrival.ts';
import type { Collected } from '../../core/living/collecting.ts';
import { extendDataset } from '../../data/extendDataset.ts';
import { ingestDataset } from '../../data/ingestDataset.ts';
import { inputOf, writeGoodFiles } from '../data/support.ts';
import { setEnvironment } from '../store/environment.ts';
import { type S3, startS3 } from '../support/s3.ts';
import { useFolder, useStore, useTemporal } from '../support/suite.ts';

const RUN = 'collected';
const taskQueue = 'collecting';

describe('a watched folder', () => {
  const temporal = useTemporal();
  const store = useStore();
  const folder = useFolder('suite');
  const taken = new EventEmitter();
  let s3: S3;
  let restore: () => void;
  let worker: Worker;
  let running: Promise<void>;
  let run: WorkflowHandle;
  let last = '';
  /** What an arrival waits for. */
  let holding: Promise<void> | undefined;

  /** Moves a file into the folder, as if an hour ago. */
  async function place(name: string, ...lines: string[]): Promise<void> {
    const path = join(folder.path, 'drop', name);
    await mkdir(dirname(path), { recursive: true });
    await folder.write(join('drop', name), `${lines.join('\n')}\n`);
    const hourAgo = Date.now() / 1_000 - 3_600;
    await utimes(path, hourAgo, hourAgo);
  }

  const config = () => defineConfig({ temporal: { taskQueue } });

  const collect = (from = join(folder.path, 'drop')): Promise<Collected> =>
    temporal.client.workflow.execute('collect', {
      ...{ taskQueue, workflowId: `${RUN}/collect-by-hand` },
      args: [{ run: RUN, from }],
    });

  const questions = async (split: 'labelled' | 'unlabelled') =>
    (await store.dataset(last).range(split, { from: 0, to: 99 })).map(({ question }) => question);

  before(async () => {
    s3 = await startS3();
    restore = setEnvironment(s3.environment);
    await writeGoodFiles(folder);
    const { data, task } = inputOf(folder.path);
    const { dataset } = await ingestDataset(store, { data, task, folder: folder.path });
    worker = await Worker.create({
      connection: temporal.nativeConnection,
      taskQueue,
      workflowsPath: fileURLToPath(new URL('./collecting/workflows.ts', import.meta.url)),
      activities: {
        'semievol.collect': createCollect({ store }).collect,
        take: async (input: { dataset: string; arrival: Arrival }) => {
          try {
            taken.emit('asked');
            await holding;
            const { report: _, ...arrived } = await extendDataset(store, {
              ...{ ...input, run: RUN, data, task },
            });
            last = arrived.dataset;
            taken.emit('taken', input.arrival);
            return arrived;
          } catch (error) {
            throw failureOfData(error);
          }
        },
      },
    });
    running = worker.run();
    run = await temporal.client.workflow.start('evolve', {
      ...{ taskQueue, workflowId: RUN, args: [dataset] },
    });
  });

  after(async () => {
    worker?.shutdown();
    await running;
    restore?.();
    await s3?.close();
  });

  it('is refused where it has none of the folders', async () => {
    await assert.rejects(collect(), (error) => {
      assert.ok(error instanceof WorkflowFailedError);
      return /drop has none of the folders labelled, unlabelled/.test(messagesOf(error).join());
    });
  });

  it('hands a run what has come since, by a schedule', async () => {
    await place('unlabelled/may.csv', 'question', 'meh', 'nice');
    await place('labelled/may.csv', 'question,answer', 'bad,negative');
    await place('unlabelled/.hidden', 'no data file');
    await folder.write('drop/unlabelled/unfinished.csv', 'question\nhalf');
    const handle = new SemiEvolClient(temporal.client, config()).get(RUN);
    const first = once(taken, 'taken');
    await assert.rejects(handle.collect({ from: 'gs://semievol/drop', everyMinutes: 600 }), {
      name: 'UpdateRefused',
      message: /gs:\/\/semievol\/drop cannot be watched\. Give a folder, or s3:/,
    });
    await handle.collect({ from: join(folder.path, 'drop'), everyMinutes: 600 });
    const [arrival] = await first;
    assert.deepEqual(arrival, {
      labelled: [join(folder.path, 'drop/labelled/may.csv')],
      unlabelled: [join(folder.path, 'drop/unlabelled/may.csv')],
    });
    assert.deepEqual(await questions('unlabelled'), ['nice', 'so so', 'meh']);
    assert.deepEqual(await questions('labelled'), ['fine', 'awful', 'bad']);
    assert.equal(await handle.stopCollecting(), true);
    assert.equal(await handle.stopCollecting(), false);
  });

  it('is read no further than to what is new, and a bad file keeps no other back', async () => {
    await place('unlabelled/june.csv', 'question', 'hm');
    await place('labelled/june.csv', 'text,answer', 'odd,negative');
    await place('test/sheet.xlsx', 'no data file');
    await assert.rejects(collect(), (error: Error) => {
      const all = messagesOf(error).join();
      assert.match(all, /2 files were not taken/);
      assert.match(all, /labelled\/june\.csv: .*question/);
      return /sheet\.xlsx: .*the extension "\.xlsx" is not known/.test(all);
    });
    assert.deepEqual(await questions('unlabelled'), ['nice', 'so so', 'meh', 'hm']);
    assert.deepEqual(await collect(), { files: 0, refused: [] });
    await place('labelled/june.csv', 'question,answer', 'odd,negative');
    assert.deepEqual(await collect(), { files: 1, refused: [] });
    assert.deepEqual(await questions('labelled'), ['fine', 'awful', 'bad', 'odd']);
  });

  it('is tried again at the next look where what kept a file away was outside of it', async () => {
    await place('unlabelled/moved.csv', 'question', 'to and fro');
    const [file, away] = ['drop/unlabelled/moved.csv', 'moved.csv'].map((name) =>
      join(folder.path, name),
    ) as [string, string];
    const link = join(folder.path, 'drop/unlabelled/link.csv');
    await symlink(join(folder.path, 'nowhere.csv'), link);
    const held = Promise.withResolvers<void>();
    holding = held.promise;
    const asked = once(taken, 'asked');
    const collecting = collect();
    collecting.catch(() => undefined);
    await asked;
    await rename(file, away);
    held.resolve();
    await assert.rejects(collecting, (error: Error) => {
      const all = messagesOf(error).join();
      assert.match(all, /2 files were not taken/);
      assert.match(all, /moved\.csv: .*there is no such file/);
      return /link\.csv: .*there is no such file/.test(all);
    });
    holding = undefined;
    await rm(link);
    // As it was: neither its size nor its time has changed.
    await rename(away, file);
    assert.deepEqual(await collect(), { files: 1, refused: [] });
    assert.equal((await questions('unlabelled')).at(-1), 'to and fro');
  });

  it('may be a prefix of a bucket', async () => {
    await s3.put('drop/unlabelled/june.csv', 'question\nby and by\n');
    const from = 's3://semievol/drop';
    assert.deepEqual(await collect(from), { files: 1, refused: [] });
    assert.equal((await questions('unlabelled')).at(-1), 'by and by');
    assert.deepEqual(await collect(from), { files: 0, refused: [] });
  });

  it('is looked at by one at a time, whoever wants it at once', async () => {
    await place('unlabelled/early.csv', 'question', 'ah');
    const held = Promise.withResolvers<void>();
    holding = held.promise;
    const handle = new SemiEvolClient(temporal.client, config()).get(RUN);
    const watching = { from: join(folder.path, 'drop'), everyMinutes: 600 };
    const came = once(taken, 'asked');
    await handle.collect(watching);
    await came;
    await place('unlabelled/late.csv', 'question', 'oh');
    const second = once(taken, 'taken').then(() => once(taken, 'taken'));
    await handle.collect(watching);
    const schedule = temporal.client.schedule.getHandle(`${RUN}/collect`);
    assert.equal((await schedule.describe()).info.runningActions.length, 1);
    held.resolve();
    const [arrival] = await second;
    assert.deepEqual(arrival, { unlabelled: [join(folder.path, 'drop/unlabelled/late.csv')] });
    await handle.stopCollecting();
  });

  it('is watched in vain for a run that is over', async () => {
    await run.signal('end');
    await run.result();
    await place('unlabelled/july.csv', 'question', 'late');
    await assert.rejects(collect(), (error: Error) =>
      /"collected" is over.*--stop/.test(messagesOf(error).join()),
    );
  });
});
