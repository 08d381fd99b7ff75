import assert from 'node:assert/strict';
import { join } from 'node:path';
import { afterEach, before, describe, it } from 'mocha';
import type { Config } from '../../config/config.ts';
import type { RunSpec } from '../../core/spec.ts';
import { openStore } from '../../store/store.ts';
import { startProvider } from '../../testing/provider.ts';
import { startS3 } from '../support/s3.ts';
import { Bench, writeTask } from '../support/stack.ts';
import { useTemporal } from '../support/suite.ts';
import { untilPending } from '../workflows/support.ts';
import { Disk, whyNoDisk } from './disk.ts';
import { setEnvironment } from './environment.ts';

const MIB = 1024 ** 2;
const sizes = { labelled: 6, unlabelled: 20, test: 6 };
const MAX_IN_FLIGHT = 4;
const why = await whyNoDisk();

describe('An evolution', () => {
  const temporal = useTemporal();
  /** What comes of it when it is not disturbed, in a folder. */
  let expected: object;
  const closing: { close(): Promise<unknown> }[] = [];

  const open = async (store?: Partial<Config['store']>, latencyMs = 0) => {
    const provider = await startProvider({ latencyMs });
    const bench = await Bench.open(temporal, provider, { maxInFlight: MAX_IN_FLIGHT }, store);
    closing.push(bench);
    return { bench, provider };
  };
  /** One name: the models of the stand-in provider, and so its answers, follow from it. */
  const taskOf = ({ folder }: Bench) => writeTask(folder, 'evolution', sizes);
  const outcomeOf = async (bench: Bench, { name }: RunSpec) => {
    const { uri, options } = bench.config.store;
    const store = await openStore({ uri, storageOptions: options });
    const [model] = await store.models.list({ run: name });
    const tables = await store.run(name, model!.dataset);
    const labels = await tables.pseudoLabels(1, { from: 0, to: sizes.unlabelled });
    store.close();
    const [report] = await bench.reports(name);
    const { metrics, pseudoLabels, promoted } = report!;
    labels.sort((a, b) => a.ordinal - b.ordinal);
    return { metrics, pseudoLabels, promoted, labels };
  };

  before(async () => {
    const { bench } = await open();
    const spec = await taskOf(bench);
    await bench.run(spec);
    expected = await outcomeOf(bench, spec);
  });

  afterEach(async () => {
    for (const one of closing.splice(0).reverse()) await one.close();
  });

  (why ? it.skip : it)(
    `waits while the disk is full, and goes on without loss${why ? ` (${why})` : ''}`,
    async () => {
      const disk = await Disk.open({ size: 96 * MIB });
      closing.push(disk);
      const { bench, provider } = await open({ uri: join(disk.folder, 'store') }, 80);
      const spec = await taskOf(bench);
      const worker = await bench.worker();
      await worker.runUntil(async () => {
        const run = await bench.start(spec);
        await provider.untilRequest({ kind: 'chat' }, 20);
        await disk.fill();
        const propagate = `${spec.name}/round-1/propagate`;
        const full = /^Store \S+: (the disk is full|only 0 MiB are free on its disk)\. Free some/;
        await untilPending(bench, propagate, ({ trouble }) => full.test(trouble ?? ''));
        await disk.clear();
        return run.result();
      });
      assert.deepEqual(await outcomeOf(bench, spec), expected);
    },
  );

  it('is the same on object storage', async () => {
    const s3 = await startS3();
    const restore = setEnvironment(s3.environment);
    closing.push(s3, { close: async () => restore() });
    const { bench } = await open({ uri: `${s3.uri}/store`, options: s3.storageOptions });
    const spec = await taskOf(bench);
    await bench.run(spec);
    assert.deepEqual(await outcomeOf(bench, spec), expected);
  }); // the first time installs the server
});
