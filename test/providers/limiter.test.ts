import assert from 'node:assert/strict';
import fc from 'fast-check';
import { describe, it } from 'mocha';
import { AdaptiveLimiter } from '../../providers/limiter.ts';

const answered = { status: 200, headers: new Headers() };
const refused = (headers = {}) => ({ status: 429, headers: new Headers(headers) });
const observeTimes = (limiter: AdaptiveLimiter, count: number, response = answered) => {
  for (let i = 0; i < count; i++) limiter.observe(response);
};

describe('the adaptive limiter', () => {
  it('grows by one for each full set of answers, up to its most', () => {
    const limiter = new AdaptiveLimiter(20);
    assert.equal(limiter.window, 16);
    observeTimes(limiter, 18);
    assert.equal(limiter.window, 17);
    observeTimes(limiter, 1_000);
    assert.equal(limiter.window, 20);
  });

  it('shrinks once for all the refusals of one set in flight, and again in the next', () => {
    const limiter = new AdaptiveLimiter(16);
    observeTimes(limiter, 16, refused());
    assert.equal(limiter.window, 11);
    observeTimes(limiter, 1, refused());
    assert.equal(limiter.window, 7);
  });

  it('takes an error of the server for no word on its capacity', () => {
    const limiter = new AdaptiveLimiter(16);
    observeTimes(limiter, 50, { status: 500, headers: new Headers() });
    assert.equal(limiter.window, 16);
  });

  it('stays between one and its most, whatever it is told', () => {
    const statuses = fc.array(fc.constantFrom(200, 400, 429, 500), { maxLength: 300 });
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 50 }), statuses, (max, told) => {
        const limiter = new AdaptiveLimiter(max);
        for (const status of told) {
          const before = limiter.window;
          limiter.observe({ status, headers: new Headers() });
          assert.ok(limiter.window >= 1 && limiter.window <= max);
          if (status === 429) assert.ok(limiter.window <= before);
          else assert.ok(limiter.window >= before);
        }
      }),
    );
  });

  it('never runs more at the same time than its window', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 8 }),
        fc.array(fc.constantFrom(200, 429), { maxLength: 40 }),
        async (max, told) => {
          const limiter = new AdaptiveLimiter(max);
          let running = 0;
          await Promise.all(
            told.map((status) =>
              limiter.run(async () => {
                running += 1;
                assert.ok(running <= max);
                await Promise.resolve();
                running -= 1;
                limiter.observe({ status, headers: new Headers() });
              }),
            ),
          );
        },
      ),
      { numRuns: 30 },
    );
  });

  for (const [form, headers, waitUntil] of [
    ['milliseconds', () => ({ 'retry-after-ms': '60' }), () => Date.now() + 60],
    ['seconds', () => ({ 'retry-after': '0.06' }), () => Date.now() + 60],
    ['a date', (until: number) => ({ 'retry-after': new Date(until).toUTCString() }), nextSecond],
  ] as const)
    it(`waits as long as Retry-After asks, in ${form}`, async () => {
      const limiter = new AdaptiveLimiter(4);
      const until = waitUntil();
      limiter.observe(refused(headers(until)));
      limiter.observe(refused()); // a later refusal without the header takes nothing back
      assert.ok((await limiter.run(async () => Date.now())) >= until);
    });

  it('ignores a Retry-After that says nothing or lies in the past', async () => {
    const limiter = new AdaptiveLimiter(4);
    for (const value of ['soon', '-5', new Date(0).toUTCString()])
      limiter.observe(refused({ 'retry-after': value }));
    assert.equal(await limiter.run(async () => 'ran'), 'ran');
  });

  it('stops waiting when it is told to', async () => {
    const limiter = new AdaptiveLimiter(4);
    limiter.observe(refused({ 'retry-after': '9999999' }));
    const abort = new AbortController();
    const waiting = limiter.run(async () => assert.fail('ran'), abort.signal);
    abort.abort();
    await assert.rejects(waiting, { name: 'AbortError' });
  });
});

/** The second after next, since HTTP's dates hold no fractions: 0.1 to 1.1 s from now. */
function nextSecond(): number {
  return Math.ceil((Date.now() + 100) / 1000) * 1000;
}
