import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ApplicationFailure } from '@temporalio/common';
import { describe, it } from 'mocha';
import type { DeploymentOrder } from '../../../providers/deployments.ts';
import type { JobState } from '../../../providers/jobState.ts';
import { keyed } from '../../../providers/remoteJobs.ts';
import type { TrainingFile, TrainingOrder } from '../../../providers/trainer.ts';
import { use } from '../../support/suite.ts';
import type { DeploymentsUnderTest, TrainerUnderTest } from './under.ts';

const GOING = new Set<JobState>(['pending', 'running']);
const ROW = `${JSON.stringify({
  messages: [
    { role: 'user', content: 'Two and two?' },
    { role: 'assistant', content: 'four' },
  ],
})}\n`;

/** A trainer with a folder for training files, and orders to it. */
class Conformance {
  readonly under: TrainerUnderTest;
  readonly folder: string;

  static async open(setup: () => Promise<TrainerUnderTest>): Promise<Conformance> {
    return new Conformance(await setup(), await mkdtemp(join(tmpdir(), 'semievol-conforms-')));
  }

  private constructor(under: TrainerUnderTest, folder: string) {
    this.under = under;
    this.folder = folder;
  }

  get trainer() {
    return this.under.trainer();
  }

  async file(content = ROW): Promise<TrainingFile> {
    const sha256 = createHash('sha256').update(content).digest('hex');
    const path = join(this.folder, `${sha256}.jsonl`);
    await writeFile(path, content);
    return { path, sha256, bytes: Buffer.byteLength(content) };
  }

  upload(file: TrainingFile): Promise<string> {
    return this.trainer.upload(file, `semievol-${file.sha256.slice(0, 12)}.jsonl`);
  }

  /** One of a key of its own for each seed, on a file that is there. */
  async order(seed = 7): Promise<TrainingOrder> {
    const { base, spec } = this.under;
    const file = await this.file();
    const request = {
      ...{ namespace: 'default', store: 'store', sha256: file.sha256, suffix: 'r1-warm-up' },
      trainer: spec,
      lineage: { run: 'run', round: 1, role: 'warm-up', dataset: 'data' } as const,
      ...{ model: base, training: { epochs: 2 }, seed },
    };
    const names = { path: ['run', 1, 'warm-up'], label: request.suffix };
    return { ...keyed(request, names), fileId: await this.upload(file) };
  }

  async started(seed?: number): Promise<{ order: TrainingOrder; id: string }> {
    const order = await this.order(seed);
    return { order, id: (await this.trainer.adoptOrCreate(order)).id };
  }

  get going(): string[] {
    return this.under
      .jobs()
      .filter(({ isGoing }) => isGoing)
      .map(({ id }) => id);
  }

  /** The provider's words for a state. */
  words(...states: JobState[]): string[] {
    const words = Object.entries(this.under.statuses).filter(([, state]) => states.includes(state));
    return words.map(([word]) => word);
  }

  /** Skips a test of what the provider cannot do, and says so. */
  needs<T>(test: Mocha.Context, part: T | undefined): T {
    if (part === undefined) test.skip();
    return part as T;
  }

  /** A model that was tuned, and what is to deploy it. */
  async tuned() {
    const { under } = this;
    const at = under.deployments!;
    const { order, id } = await this.started();
    await under.become(id, this.words('succeeded')[0]!);
    const { state, result } = await this.trainer.poll(id, order);
    assert.equal(state, 'succeeded', 'before it is deployed');
    const hash = createHash('sha256').update(result!.model).digest('hex');
    const wanted = {
      model: result!.model,
      base: under.base,
      name: `semievol-${hash.slice(0, 20)}`,
    };
    return { at, wanted };
  }

  /** As another process has them. */
  get deployments() {
    return this.trainer.deployments!;
  }

  /** A model that is deployed and answers. */
  async deployed() {
    const { at, wanted } = await this.tuned();
    const { id } = await this.deployments.deploy(wanted);
    await at.become(id, wordFor(at, 'ready'));
    const { servedAs, state } = await this.deployments.poll(id, wanted);
    assert.equal(state, 'ready');
    return { at, wanted, id, servedAs };
  }

  async close(): Promise<void> {
    await this.under.close();
    await rm(this.folder, { recursive: true });
  }
}

const wordFor = ({ statuses }: DeploymentsUnderTest, state: string): string =>
  Object.entries(statuses).find(([, means]) => means === state)![0];

/** Calls until it is answered, as Temporal would. */
async function untilDone<T>(call: () => Promise<T>, tries = 5): Promise<T> {
  try {
    return await call();
  } catch (error) {
    if (tries === 0 || (error as ApplicationFailure).nonRetryable) throw error;
    return untilDone(call, tries - 1);
  }
}

/**
 * The tests that every trainer has to pass, and its deployments where it has any: that whatever is
 * lost and whoever asks again, there is one file, one job and one deployment, and that nothing goes
 * on or stands that is not wanted any more.
 * @param setup opens it with its provider, for each test anew
 * @param deploys whether its models have to be deployed
 */
export function itConforms(
  name: string,
  setup: () => Promise<TrainerUnderTest>,
  { deploys = false }: { deploys?: boolean } = {},
): void {
  describe(`${name} conforms:`, () => {
    const open = () => Conformance.open(setup);
    const bench = use('test', open, (opened) => opened.close());

    it('it can train', async () => {
      assert.equal(await bench.trainer.preflight(), undefined);
      assert.equal(bench.trainer.deployments !== undefined, deploys);
    });

    it('a file is uploaded once, whoever asks again', async () => {
      const file = await bench.file();
      const id = await bench.upload(file);
      assert.equal(await bench.upload(file), id);
      assert.equal(bench.under.files(), 1);
    });

    it('a file whose answer was lost is found', async function () {
      const lose = bench.needs(this, bench.under.lose);
      const file = await bench.file();
      lose('answers');
      await assert.rejects(bench.upload(file));
      lose('none');
      const id = await bench.upload(file);
      assert.equal(await bench.upload(file), id);
      assert.equal(bench.under.files(), 1);
    });

    it('a job is created once, and adopted from then on', async () => {
      const { order, id } = await bench.started();
      assert.equal((await bench.trainer.adoptOrCreate(order)).id, id);
      assert.ok(await bench.trainer.isListed(id, order));
      assert.deepEqual(bench.going, [id]);
    });

    it('a job whose answer was lost is found, and the only one', async function () {
      const lose = bench.needs(this, bench.under.lose);
      const order = await bench.order();
      lose('answers');
      await assert.rejects(bench.trainer.adoptOrCreate(order));
      lose('none');
      const { id } = await bench.trainer.adoptOrCreate(order);
      assert.deepEqual(
        bench.under.jobs().map((job) => job.id),
        [id],
      );
    });

    it('a job that was never asked for is made', async function () {
      const lose = bench.needs(this, bench.under.lose);
      const order = await bench.order();
      lose('requests');
      await assert.rejects(bench.trainer.adoptOrCreate(order));
      assert.deepEqual(bench.under.jobs(), []);
      lose('none');
      const { id } = await bench.trainer.adoptOrCreate(order);
      assert.deepEqual(bench.going, [id]);
    });

    it('of two workers that ask at once both have the one job in the end', async () => {
      const order = await bench.order();
      const ask = () => untilDone(() => bench.trainer.adoptOrCreate(order));
      await Promise.all([ask(), ask(), ask()]);
      const [one, other] = [await ask(), await ask()];
      assert.equal(one.id, other.id);
      assert.deepEqual(bench.going, [one.id]);
    });

    it('another key is another job, and none of its business', async () => {
      const [mine, other] = [await bench.started(1), await bench.started(2)];
      assert.notEqual(mine.id, other.id);
      assert.equal(await bench.trainer.isListed(other.id, mine.order), false);
      await bench.trainer.cancel(mine.order, mine.id);
      assert.deepEqual(bench.going, [other.id]);
    });

    it('every status of a job is understood', async () => {
      for (const [status, state] of Object.entries(bench.under.statuses)) {
        const { order, id } = await bench.started(
          Object.keys(bench.under.statuses).indexOf(status),
        );
        await bench.under.become(id, status);
        const job = await bench.trainer.poll(id, order);
        assert.deepEqual([job.id, job.state], [id, state], status);
        assert.equal(job.result !== undefined, state === 'succeeded', status);
        assert.ok(job.detail, status);
      }
    });

    it('a job that goes on, or has a model, is adopted; one that ended without is not', async () => {
      for (const [seed, [status, state]] of Object.entries(bench.under.statuses).entries()) {
        const { order, id } = await bench.started(seed);
        await bench.under.become(id, status);
        const again = await bench.trainer.adoptOrCreate(order);
        assert.equal(again.id === id, GOING.has(state) || state === 'succeeded', status);
        await bench.trainer.cancel(order, again.id);
      }
    });

    it('a job is cancelled wherever it stands, and once', async () => {
      for (const [seed, status] of bench.words('pending', 'running').entries()) {
        const { order, id } = await bench.started(seed);
        await bench.under.become(id, status);
        assert.equal(await bench.trainer.cancel(order, id), 1, status);
        assert.deepEqual(bench.going, [], status);
        assert.equal(await bench.trainer.cancel(order, id), 0, status);
        assert.ok(
          ['cancelling', 'cancelled'].includes((await bench.trainer.poll(id, order)).state),
        );
      }
    });

    it('a job that has ended is left as it is', async () => {
      for (const [seed, status] of bench.words('succeeded', 'failed', 'cancelled').entries()) {
        const { order, id } = await bench.started(seed);
        await bench.under.become(id, status);
        assert.equal(await bench.trainer.cancel(order, id), 0, status);
      }
    });

    it('a job is cancelled though nobody heard of it', async function () {
      const lose = bench.needs(this, bench.under.lose);
      const order = await bench.order();
      lose('answers');
      await assert.rejects(bench.trainer.adoptOrCreate(order));
      lose('none');
      assert.equal(await bench.trainer.cancel(order), 1);
      assert.deepEqual(bench.going, []);
    });

    it('a job is cancelled though the answer to that was lost', async function () {
      const lose = bench.needs(this, bench.under.lose);
      const { order, id } = await bench.started();
      lose('answers');
      await assert.rejects(bench.trainer.cancel(order, id));
      lose('none');
      await bench.trainer.cancel(order, id);
      assert.deepEqual(bench.going, []);
    });

    it('there is nothing to cancel where no job was made', async () => {
      assert.equal(await bench.trainer.cancel(await bench.order()), 0);
    });

    it('a job that failed says why', async () => {
      const { order, id } = await bench.started();
      await bench.under.become(id, bench.words('failed')[0]!);
      const { state, message } = await bench.trainer.poll(id, order);
      assert.equal(state, 'failed');
      assert.ok(message);
    });

    it('a job that succeeded without a model has no result', async function () {
      const succeed = bench.needs(this, bench.under.succeedWithoutModel);
      const { order, id } = await bench.started();
      await succeed(id);
      const { state, result } = await bench.trainer.poll(id, order);
      assert.deepEqual([state, result], ['succeeded', undefined]);
    });

    it('a job that succeeded names its model, and of another key another', async () => {
      const names: string[] = [];
      for (const seed of [1, 2]) {
        const { order, id } = await bench.started(seed);
        await bench.under.become(id, bench.words('succeeded')[0]!);
        const { result } = await bench.trainer.poll(id, order);
        assert.ok(result!.trainedTokens >= 0);
        names.push(result!.model);
      }
      assert.equal(new Set([...names, bench.under.base, '']).size, 4, names.join());
    });

    it('a job that was removed has vanished', async function () {
      const remove = bench.needs(this, bench.under.remove);
      const { order, id } = await bench.started();
      await remove(id);
      assert.equal((await bench.trainer.poll(id, order)).state, 'vanished');
      assert.equal(await bench.trainer.isListed(id, order), false);
    });

    if (!deploys) return;
    describe('its deployments:', () => {
      it('a model is put up once, and answers by its name there', async () => {
        const { at, wanted } = await bench.tuned();
        const { id, state } = await bench.deployments.deploy(wanted);
        assert.equal(state, 'pending');
        assert.equal((await bench.deployments.deploy(wanted)).id, id);
        assert.equal(at.standing().length, 1);
        await at.become(id, wordFor(at, 'ready'));
        const ready = await bench.deployments.poll(id, wanted);
        assert.equal(ready.state, 'ready');
        assert.ok(await at.answers(ready.servedAs));
        assert.equal((await bench.deployments.deploy(wanted)).id, id);
        assert.equal(at.standing().length, 1);
      });

      it('one whose answer was lost is found', async () => {
        const { at, wanted } = await bench.tuned();
        bench.under.lose!('answers');
        await assert.rejects(bench.deployments.deploy(wanted));
        bench.under.lose!('none');
        const { id } = await bench.deployments.deploy(wanted);
        assert.equal(at.standing().length, 1);
        await at.become(id, wordFor(at, 'ready'));
        assert.equal((await bench.deployments.poll(id, wanted)).state, 'ready');
      });

      it('of two workers that ask at once there is one in the end', async () => {
        const { at, wanted } = await bench.tuned();
        const ask = () => untilDone(() => bench.deployments.deploy(wanted));
        await Promise.all([ask(), ask()]);
        const { id } = await ask();
        assert.equal(at.standing().length, 1);
        assert.equal((await ask()).id, id);
      });

      it('every status is understood', async () => {
        const { at, wanted } = await bench.tuned();
        for (const [status, state] of Object.entries(at.statuses)) {
          const { id } = await untilDone(() => bench.deployments.deploy(wanted));
          await at.become(id, status);
          const deployment = await bench.deployments.poll(id, wanted);
          assert.equal(deployment.state, state, status);
          assert.ok(deployment.detail, status);
          await bench.deployments.undeploy(wanted, id);
          assert.deepEqual(at.standing(), [], status);
        }
      });

      it('one that failed says why, leaves nothing, and is made anew', async () => {
        const { at, wanted } = await bench.tuned();
        const { id } = await bench.deployments.deploy(wanted);
        await at.become(id, wordFor(at, 'failed'));
        assert.ok((await bench.deployments.poll(id, wanted)).message);
        const anew = await bench.deployments.deploy(wanted);
        assert.equal(anew.state, 'pending');
        assert.equal(at.standing().length, 1);
        await at.become(anew.id, wordFor(at, 'failed'));
        await bench.deployments.undeploy(wanted, anew.id);
        assert.deepEqual(at.standing(), []);
      });

      it('one that expires while it is in use is gone, and put up again', async () => {
        const { at, wanted, id, servedAs } = await bench.deployed();
        await at.expire(id);
        assert.equal(await at.answers(servedAs), false);
        assert.equal((await bench.deployments.poll(id, wanted)).state, 'gone');
        const again = await bench.deployments.deploy(wanted);
        await at.become(again.id, wordFor(at, 'ready'));
        const ready = await bench.deployments.poll(again.id, wanted);
        assert.ok(await at.answers(ready.servedAs));
        assert.equal(at.standing().length, 1);
      });

      it('one is taken down, and once', async () => {
        const { at, wanted, id, servedAs } = await bench.deployed();
        assert.equal(await bench.deployments.undeploy(wanted, id), true);
        assert.deepEqual(at.standing(), []);
        assert.equal(await at.answers(servedAs), false);
        assert.equal(await bench.deployments.undeploy(wanted, id), false);
        assert.equal((await bench.deployments.poll(id, wanted)).state, 'gone');
      });

      it('one is taken down while it comes up, though nobody heard of it', async () => {
        const { at, wanted } = await bench.tuned();
        bench.under.lose!('answers');
        await assert.rejects(bench.deployments.deploy(wanted));
        bench.under.lose!('none');
        assert.equal(await bench.deployments.undeploy(wanted), true);
        assert.deepEqual(at.standing(), []);
      });

      it('one is taken down though the answer to that was lost', async () => {
        const { at, wanted, id } = await bench.deployed();
        bench.under.lose!('answers');
        await assert.rejects(bench.deployments.undeploy(wanted, id));
        bench.under.lose!('none');
        await bench.deployments.undeploy(wanted, id);
        assert.deepEqual(at.standing(), []);
      });

      it('one of another model is none of its business', async () => {
        const { at, wanted } = await bench.deployed();
        const { order, id } = await bench.started(8);
        await bench.under.become(id, bench.words('succeeded')[0]!);
        const { model } = (await bench.trainer.poll(id, order)).result!;
        const other: DeploymentOrder = { ...wanted, model, name: 'semievol-another' };
        await bench.deployments.deploy(other);
        assert.equal(at.standing().length, 2);
        await bench.deployments.undeploy(other);
        assert.equal(at.standing().length, 1);
        assert.equal((await bench.deployments.deploy(wanted)).state, 'ready');
      });
    });
  });
}
