import assert from 'node:assert/strict';
import { appendFile, readdir, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { FileStore } from '../../engine/files.ts';
import { JobStore } from '../../engine/jobs.ts';
import { BASE, temporaryFolder } from './support.ts';

describe('engine: stored jobs', () => {
  let folder: string;
  let jobs: JobStore;
  let id: string;

  beforeEach(async () => {
    folder = await temporaryFolder();
    jobs = await JobStore.open(folder);
    ({ id } = await jobs.create({
      model: BASE,
      training_file: 'file-1',
      seed: 1,
      metadata: {},
      hyperparameters: { n_epochs: 1, batch_size: 1, learning_rate_multiplier: 1 },
      suffix: null,
    }));
  });
  afterEach(() => rm(folder, { recursive: true }));

  const stored = async () => (await JobStore.open(folder)).get(id);

  it('keep every one of simultaneous changes', async () => {
    await Promise.all([
      jobs.update(id, { status: 'running' }),
      jobs.update(id, { trained_tokens: 7 }),
    ]);
    const { status, trained_tokens } = await stored();
    assert.deepEqual([status, trained_tokens], ['running', 7]);
    assert.deepEqual(jobs.get(id), await stored());
    const files = await readdir(path.join(folder, id));
    assert.deepEqual(files.sort(), ['events.jsonl', 'job.json']);
  });

  it('stay as they ended, whatever was on its way', async () => {
    const changes = ['queued', 'cancelled', 'running', 'succeeded'] as const;
    const results = await Promise.all(changes.map((status) => jobs.update(id, { status })));
    assert.deepEqual(
      results.map(({ status }) => status),
      ['queued', 'cancelled', 'cancelled', 'cancelled'],
    );
    assert.equal((await stored()).status, 'cancelled');
    assert.deepEqual(jobs.unfinished(), []);
  });

  for (const [what, text] of [
    ['empty', ''],
    ['damaged', '{"id":"ftjob-'],
    ['damaged', 'null'],
  ] as const)
    it(`name the file that is ${what}: ${text || 'of 0 bytes'}`, async () => {
      const file = path.join(folder, id, 'job.json');
      await writeFile(file, text);
      await assert.rejects(JobStore.open(folder), {
        name: 'StateError',
        message: new RegExp(`${file} is ${what}: delete the folder`),
      });
      const files = await temporaryFolder();
      const record = path.join(files, 'file-1.json');
      await writeFile(record, text);
      await assert.rejects(FileStore.open(files), {
        name: 'StateError',
        message: new RegExp(`${record} is ${what}: delete it`),
      });
      await rm(files, { recursive: true });
    });

  it('name the line of an event that is damaged', async () => {
    const file = path.join(folder, id, 'events.jsonl');
    await appendFile(file, '{"id":\n');
    await assert.rejects(JobStore.open(folder), { message: new RegExp(`${file}:2 is damaged`) });
  });
});
