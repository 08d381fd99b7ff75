import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { runSpec } from '../../core/registry.ts';
import { askedIn, mayGoByBatch, transportFor } from '../../core/transport.ts';

const spec = (transport?: unknown) =>
  runSpec.parse({
    name: 'a',
    task: { type: 'classification', labels: ['x', 'y'] },
    data: { labelled: 'l.csv', unlabelled: 'u.csv', test: 't.csv' },
    ...(transport !== undefined && { transport }),
  }).transport;

describe('transports of a spec', () => {
  it('are direct unless it says otherwise, for all at once or for each', () => {
    assert.equal(mayGoByBatch(spec()), false);
    assert.equal(mayGoByBatch(undefined), false);
    const all = spec('batch');
    assert.deepEqual(
      [all.collaborate, all.justify, all.judge, all.evaluate],
      ['batch', 'batch', 'batch', 'batch'],
    );
    const some = spec({ evaluate: 'auto', withinHours: 12 });
    assert.deepEqual([some.collaborate, some.evaluate, some.withinHours], ['direct', 'auto', 12]);
    assert.deepEqual(spec(some), some, 'what was read is read again');
    assert.throws(() => spec({ embed: 'batch' }));
  });

  it('belong to what a stage asks for', () => {
    assert.deepEqual(
      (
        [
          'collaborate',
          'cross-fit',
          'held-out',
          'justify',
          'cross-fit-justify',
          'group',
          'judge-semievol',
          'judge-check',
          'evaluate-sft-steps',
        ] as const
      ).map(askedIn),
      [
        ...['collaborate', 'collaborate', 'collaborate', 'justify', 'justify'],
        ...['judge', 'judge', 'judge', 'evaluate'],
      ],
    );
  });

  describe('with auto', () => {
    const load = { requests: 5_000, windowHours: 24, price: { direct: 2, batch: 1 } };
    const chosen = (more: object, transport: object = {}) =>
      transportFor('evaluate', spec({ evaluate: 'auto', ...transport }), { ...load, ...more });

    it('are batch where there is enough to ask, for less', () => {
      assert.equal(chosen({}).transport, 'batch');
      assert.equal(chosen({ price: {} }).transport, 'batch');
      assert.equal(chosen({}, { withinHours: 24 }).transport, 'batch');
    });

    for (const [reason, load, transport, why] of [
      ['there is little to ask', { requests: 999 }, {}, /999 requests/],
      ['it would take too long', {}, { withinHours: 23 }, /within 23/],
      ['it costs no less', { price: { direct: 1, batch: 1 } }, {}, /no less/],
      ['the endpoint takes none', { windowHours: undefined }, {}, /no batches/],
    ] as const)
      it(`are direct where ${reason}, and say so`, () => {
        const { transport: sent, why: said } = chosen(load, transport);
        assert.equal(sent, 'direct');
        assert.match(said, why);
      });
  });
});
