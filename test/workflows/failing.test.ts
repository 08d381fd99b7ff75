import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { resume } from '../../workflows/messages.ts';
import { writeTask } from '../support/stack.ts';
import { useBench, useTemporal } from '../support/suite.ts';
import { untilHeld } from './support.ts';

const SIZES = { labelled: 10, unlabelled: 40, test: 10 };
const CHAT = '/chat/completions';

describe('a run whose examples fail', () => {
  const temporal = useTemporal();
  const bench = useBench('test', {}, {}, temporal);

  it('pauses where they are too many, counts the reasons, and asks again when it is resumed', async () => {
    const { provider } = bench;
    // Of each batch of five, four are refused: of all batches together that is too much.
    let isBroken = true;
    provider.setFaults(({ path, body }) => {
      const number = /the thing that has number (\d+)\W*$/.exec(lastOf(body))?.[1];
      if (!isBroken || path !== CHAT || number === undefined) return undefined;
      const ordinal = Number(number) - SIZES.labelled;
      if (ordinal < 0 || ordinal >= SIZES.unlabelled || ordinal % 5 === 0) return undefined;
      return { status: 400, body: { error: { message: 'This is too long.' } } };
    });
    const spec = await writeTask(bench.folder, 'many-fail', SIZES, {
      batch: { size: 5, window: 1 },
      collaborators: [{ name: 'plain', shots: 0 }],
    });
    const worker = await bench.worker();
    await worker.runUntil(async () => {
      const run = await bench.start(spec);
      const { hold, paused } = await untilHeld(bench, 'many-fail');
      assert.ok(paused);
      assert.equal(hold.warning, 'ExamplesFail');
      assert.match(
        hold.why,
        /^4 of 5 examples got no answer that can be used.*\(refused:400 4\).*"semievol resume many-fail" asks again/,
      );
      isBroken = false;
      await run.signal(resume);
      assert.equal((await run.result()).totals.finished, 1);
    });
    const [report] = await bench.reports('many-fail');
    const plain = report!.answers.find(({ collaborator }) => collaborator === 'plain')!;
    // Those of the batches before, when they were still few.
    assert.deepEqual([plain.answers, plain.givenUp], [SIZES.unlabelled, 8]);
  });
});

/** The last message of a chat request. */
function lastOf(body: object | undefined): string {
  const { messages = [] } = (body ?? {}) as { messages?: { content: string }[] };
  return messages.at(-1)?.content ?? '';
}
