import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { usageOf } from '../../core/usage.ts';
import { writeTask } from '../support/stack.ts';
import { useBench } from '../support/suite.ts';

const SIZES = { labelled: 10, unlabelled: 20, test: 10 };
/** Of four collaborators, to each of the unlabelled. */
const ANSWERS = 4 * SIZES.unlabelled;
const CHAT = { path: '/chat/completions', status: 200 };

describe('runs of one scope', () => {
  const bench = useBench('test');

  it('take over answers and models of each other, and pay for what is new alone', async () => {
    const { provider } = bench;
    const share = 'together';
    const first = await writeTask(bench.folder, 'shares-1', SIZES, { share });
    const selection = { rule: 'paper', percentile: 100 };
    const second = await writeTask(bench.folder, 'shares-2', SIZES, { share, selection });
    await bench.run(first);
    const before = provider.requests(CHAT).length;
    const jobs = provider.jobs.all().length;
    await bench.run(second);

    const [one] = await bench.reports(first.name);
    const [two] = await bench.reports(second.name);
    assert.equal(two!.models.warmUp, one!.models.warmUp);
    assert.notEqual(two!.models.semievol, one!.models.semievol);
    // The final fine-tune, and the baseline of as many steps.
    assert.equal(provider.jobs.all().length - jobs, 2);
    assert.deepEqual(two!.pseudoLabels.all, one!.pseudoLabels.all);
    const roles = ['evaluate-semievol', 'evaluate-sft-steps'];
    for (const phase of ['collaborate', 'justify', 'evaluate-vanilla', 'evaluate-sft']) {
      assert.ok(usageOf(one!.usage, phase).promptTokens > 0, phase);
      assert.equal(usageOf(two!.usage, phase).requests, 0, phase);
      assert.equal(usageOf(two!.usage, phase).promptTokens, 0, phase);
    }
    assert.ok(usageOf(one!.usage, 'warm-up').trainedTokens > 0);
    assert.equal(usageOf(two!.usage, 'warm-up').trainedTokens, 0);
    const asked = roles.reduce((sum, phase) => sum + usageOf(two!.usage, phase).requests, 0);
    assert.equal(asked, 2 * SIZES.test);
    const probes = provider.requests(CHAT).length - before - asked;
    assert.ok(probes < 10, `${probes} requests beside those of the evaluation`);
  });

  it('take over what one was answered before its worker was killed, and that has paid for it', async () => {
    const { provider } = bench;
    const share = 'killed';
    const first = await writeTask(bench.folder, 'killed-1', SIZES, { share });
    const second = await writeTask(bench.folder, 'killed-2', SIZES, { share });
    // Of two batches eight requests each, at the most, wait for the provider or the store: of 40 some are stored.
    const endpoint = { ...bench.config.endpoints.local!, maxInFlight: 4 };
    const config = { ...bench.config, endpoints: { local: endpoint } };
    const held = Promise.withResolvers<void>();
    const isHeld = Promise.withResolvers<void>();
    let asked = 0;
    provider.setFaults(async ({ kind, model }) => {
      if (kind !== 'chat' || !model?.startsWith('ft:') || ++asked < 41) return undefined;
      isHeld.resolve();
      await held.promise;
      return undefined;
    });
    const worker = await bench.startProcess({ config });
    const run = await bench.start(first);
    await isHeld.promise;
    await worker.kill();
    held.resolve();
    const other = await bench.startProcess({ config });
    await run.result();
    await (await bench.start(second)).result();
    await other.stop();

    const [one] = await bench.reports(first.name);
    const [two] = await bench.reports(second.name);
    assert.equal(usageOf(one!.usage, 'collaborate').requests, ANSWERS);
    assert.equal(usageOf(two!.usage, 'collaborate').requests, 0);
  });

  it('is of no effect between runs that name none', async () => {
    const { provider } = bench;
    for (const name of ['alone-1', 'alone-2'])
      await bench.run(await writeTask(bench.folder, name, SIZES));
    const [one] = await bench.reports('alone-1');
    const [two] = await bench.reports('alone-2');
    assert.equal(provider.jobs.all().length, 6);
    for (const phase of ['warm-up', 'collaborate'])
      assert.deepEqual(usageOf(two!.usage, phase), usageOf(one!.usage, phase));
  });
});
