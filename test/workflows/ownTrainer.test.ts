import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { after, before, describe, it } from 'mocha';
import { defineConfig } from '../../config/config.ts';
import { openStore } from '../../store/store.ts';
import { startProvider } from '../../testing/provider.ts';
import { Bench, failedFor, writeTask } from '../support/stack.ts';
import { useTemporal } from '../support/suite.ts';
import { Gym, type Tuning } from './ownTrainer/gym.ts';
import gymTrainer from './ownTrainer/trainer.ts';
import { startFineTune, untilPending, writeTrainingFile } from './support.ts';

/** Where the key is that the endpoint takes. */
const KEY = 'SEMIEVOL_TEST_GYM_KEY';
const MODULE = new URL('./ownTrainer/trainer.ts', import.meta.url);

describe("a trainer of a user's own, on a wire of its own,", () => {
  const temporal = useTemporal();
  let gym: Gym;
  let bench: Bench;
  const closing: (() => Promise<unknown>)[] = [];

  before(async () => {
    process.env[KEY] = 'a-member-of-the-gym';
    gym = await Gym.open();
    closing.push(() => gym.close());
    bench = await open();
    await bench.startWorker();
  });
  after(async () => {
    for (const close of closing.reverse()) await close();
    delete process.env[KEY];
  });

  /** A store and a task queue of their own, and an endpoint that trains at the gym. */
  async function open(more: object = {}): Promise<Bench> {
    const opened = await Bench.open(temporal, await startProvider(), { finalAfterSeconds: 0.1 });
    closing.push(() => opened.close());
    const { config } = opened;
    const trainer = { type: 'gym', address: gym.address, ...more };
    const local = { ...config.endpoints.local!, trainer, apiKeyEnv: KEY };
    const extensions = { trainers: [gymTrainer] };
    Object.assign(config, defineConfig({ ...config, endpoints: { local }, extensions }));
    return opened;
  }
  /** The only tuning for `name`, as soon as there is one. */
  async function tuningOf(name: string): Promise<Tuning> {
    const found = () =>
      [...gym.tunings.values()].filter(({ label }) => label.startsWith(`${name}/`));
    await gym.until(() => found().length > 0);
    const [one, ...others] = found();
    assert.deepEqual(others, []);
    return one!;
  }

  it('makes a model of a file, with all that was asked, down to its lineage', async () => {
    const path = await writeTrainingFile(bench, 'whole');
    const handle = await startFineTune(bench, 'whole', path);
    const { id, label, plan } = await tuningOf('whole');
    assert.match(label, /^whole\/0\/other\/[0-9a-f]{32}$/);
    assert.match(id, /^mine-[0-9a-f]{12}-0$/);
    const { file, ...asked } = plan;
    assert.deepEqual(asked, { model: 'smollm2-135m-instruct', epochs: 2, seed: 3, coach: 'Kim' });
    assert.equal(gym.files.get(String(file)), await readFile(path, 'utf8'));

    gym.change(id, { phase: 'LIFTING', lifted: 4 });
    await untilPending(bench, 'whole', ({ note }) => note === 'LIFTING');
    gym.change(id, { phase: 'STRONG', athlete: 'strong-one' });
    const { spent: _, ...result } = await handle.result();
    assert.deepEqual(result, { model: 'strong-one', jobId: id, rows: 1 });
    const store = await openStore(bench.config.store);
    try {
      assert.equal((await store.models.byName('strong-one'))?.jobKey, label);
    } finally {
      store.close();
    }
    assert.deepEqual([...gym.members], ['a-member-of-the-gym']);
  });

  it('is cancelled with the workflow, also where it never said that there is a job', async () => {
    gym.answersCreation = false;
    const handle = await startFineTune(bench, 'unanswered');
    const { id } = await tuningOf('unanswered');
    await handle.cancel();
    await assert.rejects(handle.result());
    gym.answersCreation = true;
    assert.equal(gym.tunings.get(id)!.phase, 'SENT_HOME');
  });

  for (const [what, change, type] of [
    ['fails', { phase: 'HURT', said: 'the back' }, 'JobFailed'],
    ['is cancelled there', { phase: 'SENT_HOME' }, 'JobCancelled'],
    ['names no model', { phase: 'STRONG' }, 'JobWithoutResult'],
    ['vanishes', undefined, 'JobVanished'],
  ] as const)
    it(`ends as any other where its job ${what}`, async () => {
      const name = what.replaceAll(' ', '-');
      const handle = await startFineTune(bench, name);
      const { id } = await tuningOf(name);
      if (change) gym.change(id, change);
      else gym.tunings.delete(id);
      await assert.rejects(handle.result(), failedFor(type));
    });

  it('says what keeps it from training before a run spends anything', async () => {
    const alone = await open({ coach: 'nobody' });
    const spec = await writeTask(alone.folder, 'alone');
    await assert.rejects(alone.run(spec), failedFor('NoFineTuning'));
    assert.deepEqual(
      alone.provider.requests().filter(({ kind }) => kind !== 'probe'),
      [],
    );
  });

  it('goes on with its one job after the worker was killed', async () => {
    const place = await open();
    const startProcess = () => place.startProcess({ extensions: { trainers: [MODULE] } });
    const first = await startProcess();
    const handle = await startFineTune(place, 'killed');
    const { id } = await tuningOf('killed');
    await gym.until(() => gym.requests.includes(`GET /tunings/${id}`));
    await first.kill();
    gym.change(id, { phase: 'STRONG', athlete: 'stronger-one' });
    await startProcess();
    assert.equal((await handle.result()).jobId, id);
    await tuningOf('killed');
  });
});
