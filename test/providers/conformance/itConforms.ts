import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'mocha';
import type { DeploymentOrder } from '../../../providers/deployments.ts';
import type { JobState } from '../../../providers/jobState.ts';
import { keyed } from '../../../providers/remoteJobs.ts';
import type {
  TrainingFile,
  TrainingOrder,
  TrainingRequest,
  TunedModel,
} from '../../../providers/trainer.ts';
import { use } from '../../support/suite.ts';
import { itKeepsJobs, untilDone } from './itKeepsJobs.ts';
import type { DeploymentsUnderTest, JobsUnderTest, TrainerUnderTest } from './under.ts';

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

  /** Its jobs, as those of any kind of remote work. */
  get keeping(): JobsUnderTest<TrainingRequest, TunedModel> {
    const { under } = this;
    return {
      ...under,
      keeper: () => under.trainer(),
      order: (seed) => this.order(seed),
      ...(under.succeedWithoutModel && { succeedWithoutResult: under.succeedWithoutModel }),
    };
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

  /** Whether that it fails is noticed depends on what is asked there. */
  async deployWithoutAnswer(wanted: DeploymentOrder): Promise<void> {
    await this.deployments.deploy(wanted).catch(() => undefined);
  }

  /** A model that is deployed and answers. */
  async deployed() {
    const { at, wanted } = await this.tuned();
    const { id } = await this.deployments.deploy(wanted);
    await at.become(id, wordFor(at, 'ready')!);
    const { servedAs, state } = await this.deployments.poll(id, wanted);
    assert.equal(state, 'ready');
    return { at, wanted, id, servedAs };
  }

  async close(): Promise<void> {
    await this.under.close();
    await rm(this.folder, { recursive: true });
  }
}

const wordFor = ({ statuses }: DeploymentsUnderTest, state: string): string | undefined =>
  Object.entries(statuses).find(([, means]) => means === state)?.[0];

/** The state in which a deployment begins. */
const firstOf = (at: DeploymentsUnderTest) => (wordFor(at, 'pending') ? 'pending' : 'ready');

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

    itKeepsJobs(() => bench.keeping);

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

    if (!deploys) return;
    describe('its deployments:', () => {
      it('a model is put up once, and answers by its name there', async () => {
        const { at, wanted } = await bench.tuned();
        const { id, state } = await bench.deployments.deploy(wanted);
        assert.equal(state, firstOf(at));
        assert.equal((await bench.deployments.deploy(wanted)).id, id);
        assert.equal(at.standing().length, 1);
        await at.become(id, wordFor(at, 'ready')!);
        const ready = await bench.deployments.poll(id, wanted);
        assert.equal(ready.state, 'ready');
        assert.ok(await at.answers(ready.servedAs));
        assert.equal((await bench.deployments.deploy(wanted)).id, id);
        assert.equal(at.standing().length, 1);
      });

      it('one whose answer was lost is found', async function () {
        const { at, wanted } = await bench.tuned();
        const lose = bench.needs(this, at.lose);
        lose('answers');
        await bench.deployWithoutAnswer(wanted);
        lose('none');
        const { id } = await bench.deployments.deploy(wanted);
        assert.equal(at.standing().length, 1);
        await at.become(id, wordFor(at, 'ready')!);
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

      it('one that failed says why, leaves nothing, and is made anew', async function () {
        const { at, wanted } = await bench.tuned();
        const failed = bench.needs(this, wordFor(at, 'failed'));
        const { id } = await bench.deployments.deploy(wanted);
        await at.become(id, failed);
        assert.ok((await bench.deployments.poll(id, wanted)).message);
        const anew = await bench.deployments.deploy(wanted);
        assert.equal(anew.state, firstOf(at));
        assert.equal(at.standing().length, 1);
        await at.become(anew.id, failed);
        await bench.deployments.undeploy(wanted, anew.id);
        assert.deepEqual(at.standing(), []);
      });

      it('one that expires while it is in use is gone, and put up again', async () => {
        const { at, wanted, id, servedAs } = await bench.deployed();
        await at.expire(id);
        assert.equal(await at.answers(servedAs), false);
        assert.equal((await bench.deployments.poll(id, wanted)).state, 'gone');
        const again = await bench.deployments.deploy(wanted);
        await at.become(again.id, wordFor(at, 'ready')!);
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

      it('one is taken down while it comes up, though nobody heard of it', async function () {
        const { at, wanted } = await bench.tuned();
        const lose = bench.needs(this, at.lose);
        lose('answers');
        await bench.deployWithoutAnswer(wanted);
        lose('none');
        assert.equal(await bench.deployments.undeploy(wanted), true);
        assert.deepEqual(at.standing(), []);
      });

      it('one is taken down though the answer to that was lost', async function () {
        const { at, wanted, id } = await bench.deployed();
        const lose = bench.needs(this, at.lose);
        lose('answers');
        await assert.rejects(bench.deployments.undeploy(wanted, id));
        lose('none');
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
