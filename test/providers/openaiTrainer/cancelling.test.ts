import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import type { Fault } from '../../../testing/faults.ts';
import { failure } from '../support.ts';
import { useTrainerBench } from './support.ts';

describe('the trainer over the wire of OpenAI cancels', () => {
  const bench = useTrainerBench();

  it('every job of the key that goes on, and no other', async () => {
    const asked = await bench.order();
    const going = [bench.twin(asked, 20), bench.twin(asked, 0)];
    const done = bench.twin(asked, 30);
    bench.jobs.finish(done.id, 'succeeded');
    const other = bench.twin({ ...asked, key: 'another' }, 0);
    assert.equal(await bench.trainer.cancel(asked), 2);
    assert.deepEqual(
      [...going, done, other].map(({ id }) => bench.statusOf(id)),
      ['cancelled', 'cancelled', 'succeeded', 'validating_files'],
    );
    assert.equal(await bench.trainer.cancel(asked), 0);
  });

  it('nothing where a job ends at that moment', async () => {
    const asked = await bench.order();
    const { id } = bench.twin(asked, 0);
    bench.provider.setFaults(({ path }) => {
      if (path.endsWith('/cancel')) bench.jobs.finish(id, 'succeeded');
      return undefined;
    });
    assert.equal(await bench.trainer.cancel(asked), 0);
    assert.equal(bench.statusOf(id), 'succeeded');
  });

  const onCancel = (fault: Fault) =>
    bench.provider.setFaults(({ path }) => (path.endsWith('/cancel') ? fault : undefined));

  it('and says so where a job goes on, whatever the provider says', async () => {
    const asked = await bench.order();
    const { id } = bench.twin(asked, 0);
    onCancel({ status: 400 });
    await assert.rejects(bench.trainer.cancel(asked), (error: Error) => {
      assert.match(error.message, new RegExp(`job ${id}, which is \\w+, is not`));
      return failure('NotCancelled', { retried: true })(error);
    });
    onCancel('wrong-type');
    await assert.rejects(
      bench.trainer.cancel(asked),
      failure('UnreadableAnswer', { retried: true }),
    );
    // It was done, and nobody told.
    bench.provider.setFaults(undefined);
    assert.equal(await bench.trainer.cancel(asked), 0);
    assert.equal(bench.statusOf(id), 'cancelled');
  });
});
