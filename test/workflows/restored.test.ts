import assert from 'node:assert/strict';
import { before, describe, it } from 'mocha';
import type { RunHandle } from '../../client/runHandle.ts';
import type { Announcement } from '../../core/living/announcement.ts';
import type { RunState } from '../../core/living/runState.ts';
import type { RunSpecInput } from '../../core/spec.ts';
import type { RunStatus } from '../../core/status.ts';
import { openStore } from '../../store/store.ts';
import { writeTask } from '../support/stack.ts';
import { useBench } from '../support/suite.ts';

const RUN = 'restored';
const BASE = 'smollm2-135m-instruct';
const SIGNED = { name: 'an operator', reason: 'a test' };

describe('a run that has ended between a change of its champion and the note of it', () => {
  const bench = useBench('suite');
  /** Which states are never kept, and that one of them was to be. */
  let isLost = (_: RunState) => false;
  /** Whether what is recorded of the champion is not heard of. */
  let isCutOff = false;
  const told: Announcement[] = [];
  let lost = Promise.withResolvers<void>();
  let spec: RunSpecInput;
  let run: RunHandle;

  const until = async (isSo: (status: RunStatus) => boolean) => {
    for await (const { status } of run.follow()) if (status && isSo(status)) return status;
    throw new Error('it has ended');
  };
  const waits = () => until(({ waitsFor }) => waitsFor !== undefined);
  const recorded = async () => {
    const store = await openStore(bench.config.store);
    const { dataset } = (await bench.reports(RUN))[0]!;
    const promotions = await (await store.run(RUN, dataset)).promotions();
    store.close();
    return promotions.map(({ number, model }) => [number, model]);
  };

  /** Ends the run when a change is recorded that it has not kept, and starts it again. */
  async function changeAndEnd(model: string, { untold = false } = {}): Promise<void> {
    lost = Promise.withResolvers();
    isLost = () => true;
    isCutOff = untold;
    const changing = run.setChampion({ model, ...SIGNED });
    changing.catch(() => undefined);
    await lost.promise;
    await bench.temporal.client.workflow.getHandle(RUN).terminate();
    isLost = () => false;
    isCutOff = false;
    run = await bench.client.start(spec);
  }

  before(async () => {
    bench.config.announce = { activity: { name: 'deploy' } };
    await bench.startWorker({
      activities: { deploy: async (announcement: Announcement) => void told.push(announcement) },
      interceptors: {
        activity: [
          ({ info }) => ({
            inbound: {
              async execute(input, next) {
                const [given] = input.args as [{ state: RunState }];
                const isState = info.activityType === 'semievol.keepState' && isLost(given.state);
                const isChange = info.activityType === 'semievol.crown' && isCutOff;
                if (!isState) {
                  const result = await next(input);
                  if (!isChange) return result;
                }
                lost.resolve();
                throw new Error('it is lost');
              },
            },
          }),
        ],
      },
    });
    spec = await writeTask(bench.folder, RUN, undefined, { rounds: 3, next: {} });
    run = await bench.client.start(spec);
    await waits();
  });

  it('goes on from the champion that is recorded, and counts from there', async () => {
    const { models } = (await bench.reports(RUN))[0]!;
    const changes = (await recorded()).length;
    await changeAndEnd(models.warmUp);
    assert.equal((await waits()).champion, models.warmUp);
    assert.deepEqual((await recorded()).at(-1), [changes, models.warmUp]);
    await run.setChampion({ model: BASE, ...SIGNED });
    assert.deepEqual((await recorded()).at(-1), [changes + 1, BASE]);
    assert.equal((await run.status()).status!.champion, BASE);
  });

  it('tells, as soon as it is started again, of a change that nobody has been told of, and of no other', async () => {
    const { models } = (await bench.reports(RUN))[0]!;
    const announced = (number: number) =>
      bench.temporal.client.workflow.getHandle(`${RUN}/promotion-${number}`);
    const before = (await recorded()).length - 1;
    await Promise.all(Array.from({ length: before }, (_, index) => announced(index + 1).result()));
    const numbers = told.map(({ number }) => number);
    assert.equal(new Set(numbers).size, numbers.length);

    await changeAndEnd(models.warmUp, { untold: true });
    await waits();
    await announced(before + 1).result();
    assert.deepEqual(
      told.map(({ number }) => number),
      [...numbers, before + 1],
    );
    const { number, model, by, name } = told.at(-1)!;
    assert.deepEqual([number, model, by, name], [before + 1, models.warmUp, 'person', SIGNED.name]);
    // It is the same change, whoever has told of it.
    assert.equal((await recorded()).length, before + 2);
    await run.setChampion({ model: BASE, ...SIGNED });
    await announced(before + 2).result();
  });

  it('does not ask again about a challenger that is crowned', async () => {
    // The round is done again from what is stored; its challenger is the champion by then.
    isLost = ({ totals, champion }) => totals.finished === 2 && champion.model !== BASE;
    lost = Promise.withResolvers();
    await run.next();
    // What is not lost is over once it is kept: only then the run waits.
    const over = until(({ totals, waitsFor }) => totals.finished === 2 && waitsFor !== undefined);
    const isPromoted = await Promise.race([lost.promise.then(() => true), over.then(() => false)]);
    assert.ok(isPromoted, 'the round of this test promotes its model');
    over.catch(() => undefined);
    await bench.temporal.client.workflow.getHandle(RUN).terminate();
    isLost = () => false;
    run = await bench.client.start(spec);
    const { champion, totals, latest } = await until(({ totals }) => totals.finished === 2);
    assert.equal((await recorded()).at(-1)![1], champion);
    assert.ok(latest.at(-1)!.promoted);
    assert.ok(totals.promoted >= 1);
  });
});
