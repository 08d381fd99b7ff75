import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { oneByOne } from '../../workflows/news.ts';

describe('signals that are sent one by one', () => {
  it('come in their order, and of those that wait only the newest is sent', async () => {
    const sent: { value: number; arrive: () => void }[] = [];
    const tell = oneByOne<number>((value) => new Promise((arrive) => sent.push({ value, arrive })));
    const all = Promise.all([tell(1), tell(2), tell(3)]);
    assert.deepEqual(
      sent.map(({ value }) => value),
      [1],
    );
    sent[0]!.arrive();
    await new Promise(setImmediate);
    assert.deepEqual(
      sent.map(({ value }) => value),
      [1, 3],
    );
    sent[1]!.arrive();
    await all;
    void tell(4);
    assert.deepEqual(
      sent.map(({ value }) => value),
      [1, 3, 4],
    );
  });

  it('go on after one that could not be delivered', async () => {
    const sent: number[] = [];
    const tell = oneByOne<number>(async (value) => {
      sent.push(value);
      throw new Error('it has ended');
    });
    await Promise.all([tell(1), tell(2)]);
    assert.deepEqual(sent, [1, 2]);
  });
});
