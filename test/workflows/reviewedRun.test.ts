import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { connectStore } from '../../store/store.ts';
import { writeTask } from '../support/stack.ts';
import { useBench } from '../support/suite.ts';

const RANKED = 6;

describe('a run that asks people', () => {
  const bench = useBench('suite');

  it('learns in the next round from what they said, and lists gold answers in doubt', async () => {
    const sizes = { labelled: 20, unlabelled: 20, test: 10 };
    const spec = await writeTask(bench.folder, 'asking', sizes, {
      ...{ rounds: 2, resolution: 'vote', evaluation: { sft: 'equal-epochs' }, audit: true },
      review: { size: RANKED, waitHours: 24 },
    });
    const worker = await bench.worker();
    await worker.runUntil(async () => {
      const handle = await bench.start(spec);
      const run = bench.client.get(spec.name);
      for await (const { status } of run.follow()) if (status?.waitsFor) break;
      const desk = await run.review('ada');
      const examples = await desk.take(RANKED);
      assert.equal(examples.length, RANKED);
      const { split, ordinal } = examples.at(-1)!;
      assert.equal(split, 'unlabelled');
      for (const one of examples) {
        const { example } = one;
        const isLast = one.ordinal === ordinal && one.split === split;
        if (isLast) await desk.say(one, { verdict: 'answer', answer: example.answer! });
        else await desk.say(one, { verdict: 'skip' });
      }
      const arrived = await desk.handIn();
      assert.deepEqual(arrived?.added, { labelled: 1, unlabelled: 0, test: 0 });
      assert.deepEqual(arrived?.removed, { labelled: 0, unlabelled: 1, test: 0 });
      assert.deepEqual(await desk.take(RANKED), []);
      desk.close();
      await handle.result();
    });
    const [first, second] = await bench.reports(spec.name);
    assert.equal(first!.examples.labelled, 20);
    assert.equal(second!.examples.labelled, 21);
    assert.ok(first!.audit && first!.audit.heard > 0, 'models and neighbours were heard');
    assert.equal(second!.audit, undefined, 'models of the second round have seen them all');
    const store = connectStore({ uri: bench.config.store.uri });
    const suspects = await store.reviews(spec.name).suspects();
    store.close();
    assert.equal(suspects.length, first!.audit.suspects);
  });
});
