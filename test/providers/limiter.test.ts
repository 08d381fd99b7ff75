import assert from 'node:assert/strict';
import fc from 'fast-check';
import { describe, it } from 'mocha';
import { AdaptiveLimiter } from '../../providers/limiter.ts';

const answer = (status = 200, headers = {}) => new Response(null, { status, headers });

/** Sends one request that the endpoint answers, or refuses, at once. */
function ask(limiter: AdaptiveLimiter, response = answer(), signal?: AbortSignal) {
  return limiter.run(() => limiter.send(async () => response), signal);
}

/** A call whose requests are answered when the test says so. */
function held(limiter: AdaptiveLimiter) {
  const sent: PromiseWithResolvers<Response>[] = [];
  const send = () =>
    limiter.send(() => {
      const request = Promise.withResolvers<Response>();
      sent.push(request);
      return request.promise;
    });
  return { sent, send };
}

const settled = () => new Promise((resolve) => setImmediate(resolve));

describe('the adaptive limiter', () => {
  it('lets no more under way than its window', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 8 }),
        fc.array(fc.constantFrom(200, 400, 429, 500), { maxLength: 40 }),
        async (most, statuses) => {
          const limiter = new AdaptiveLimiter(most);
          let underWay = 0;
          const calls = statuses.map((status) =>
            limiter.run(async () => {
              assert.ok(underWay < limiter.window);
              underWay += 1;
              await limiter.send(async () => {
                await settled();
                return answer(status, { 'retry-after-ms': '0' });
              });
              underWay -= 1;
            }),
          );
          await Promise.all(calls);
          assert.ok(limiter.window <= most);
        },
      ),
      { numRuns: 50 },
    );
  });

  it('grows while others wait for room, and shrinks when one is refused', async () => {
    const limiter = new AdaptiveLimiter(64);
    await Promise.all(Array.from({ length: 100 }, () => ask(limiter)));
    const grown = limiter.window;
    assert.ok(grown > 16);
    await ask(limiter, answer(429, { 'retry-after-ms': '0' }));
    assert.ok(limiter.window < grown);
  });

  it('takes an error of the server for no word on its capacity', async () => {
    const limiter = new AdaptiveLimiter(64);
    await Promise.all(Array.from({ length: 100 }, () => ask(limiter, answer(500))));
    assert.equal(limiter.window, 16);
  });

  it('gives the place of a refused request to others, and lets its repetition go first', async () => {
    const limiter = new AdaptiveLimiter(2);
    const { sent, send } = held(limiter);
    const order: string[] = [];
    const wait = Promise.withResolvers<void>();
    const refused = limiter.run(async () => {
      await send();
      await wait.promise; // as long as Retry-After asks
      await send();
      order.push('repeated');
    });
    const others = Array.from({ length: 3 }, (_, index) =>
      limiter.run(async () => {
        await send();
        order.push(`other ${index}`);
      }),
    );
    await settled();
    assert.equal(sent.length, 2);
    sent[0]!.resolve(answer(429));
    await settled();
    assert.equal(limiter.window, 1);
    assert.equal(sent.length, 2, 'the other that is under way has the only place');
    wait.resolve();
    await settled();
    for (let next = 1; next < 5; next++) {
      while (sent.length <= next) await settled();
      sent[next]!.resolve(answer());
      await settled();
    }
    await Promise.all([refused, ...others]);
    assert.deepEqual(order, ['other 0', 'repeated', 'other 1', 'other 2']);
  });

  it('serves batches in the order in which they came, and what they need before them', async () => {
    const limiter = new AdaptiveLimiter(1);
    const [first, second] = [new AbortController().signal, new AbortController().signal];
    const order: string[] = [];
    const call = (name: string, signal: AbortSignal, isAhead?: boolean) =>
      limiter.run(
        () => {
          order.push(name);
          return limiter.send(async () => answer());
        },
        signal,
        isAhead,
      );
    await Promise.all([
      call('first', first),
      call('second', second),
      call('second', second),
      call('first', first),
      call('ahead', second, true),
    ]);
    assert.deepEqual(order, ['first', 'ahead', 'first', 'second', 'second']);
    await Promise.all([call('second', second), call('second', second), call('first', first)]);
    assert.deepEqual(order.slice(5), ['second', 'first', 'second'], 'also when it comes again');
  });

  it('lets others go on while some are refused', async () => {
    const limiter = new AdaptiveLimiter(2);
    const { sent, send } = held(limiter);
    const first = limiter.run(send);
    await ask(limiter, answer(429, { 'retry-after': '1000' }));
    const next = limiter.run(send);
    sent[0]!.resolve(answer());
    await first;
    await settled();
    sent[1]!.resolve(answer());
    await next;
  });

  it('sends evenly over a round trip', async () => {
    const limiter = new AdaptiveLimiter(16);
    const times: number[] = [];
    const roundTrip = () =>
      limiter.run(() =>
        limiter.send(async () => {
          times.push(performance.now());
          await new Promise((resolve) => setTimeout(resolve, 400));
          return answer();
        }),
      );
    await Promise.all(Array.from({ length: 32 }, roundTrip));
    const [first, last] = [times[16]!, times[31]!];
    assert.ok(last - first > 150, `the second 16 within ${last - first} ms`);
  });

  it('passes what is no call of it', async () => {
    const limiter = new AdaptiveLimiter(2);
    const { sent, send } = held(limiter);
    const calls = [limiter.run(send), limiter.run(send)];
    await settled();
    assert.equal((await limiter.send(async () => answer(429))).status, 429);
    assert.equal(limiter.window, 2);
    for (const request of sent) request.resolve(answer());
    await Promise.all(calls);
  });

  describe('when all is refused', () => {
    for (const [form, headers, waitUntil] of [
      ['milliseconds', () => ({ 'retry-after-ms': '60' }), () => Date.now() + 60],
      ['seconds', () => ({ 'retry-after': '0.06' }), () => Date.now() + 60],
      ['a date', (until: number) => ({ 'retry-after': new Date(until).toUTCString() }), nextSecond],
    ] as const)
      it(`waits as long as Retry-After asks, in ${form}`, async () => {
        const limiter = new AdaptiveLimiter(4);
        const until = waitUntil();
        await ask(limiter, answer(429, headers(until)));
        const ranAt = await limiter.run(async () => Date.now());
        assert.ok(ranAt >= until - 2, `${until - ranAt} ms early`); // two clocks are compared
      });

    it('does not wait for a Retry-After that lies in the past', async () => {
      for (const value of ['-5', new Date(0).toUTCString()]) {
        const limiter = new AdaptiveLimiter(4);
        await ask(limiter, answer(429, { 'retry-after': value }));
        const start = performance.now();
        await ask(limiter);
        assert.ok(performance.now() - start < 900);
      }
    });

    it('waits a second where Retry-After says nothing', async () => {
      for (const headers of [{}, { 'retry-after': 'soon' }]) {
        const limiter = new AdaptiveLimiter(4);
        const start = performance.now();
        await ask(limiter, answer(429, headers));
        await ask(limiter);
        assert.ok(performance.now() - start >= 999);
      }
    });
  });

  it('stops waiting when it is told to', async () => {
    const limiter = new AdaptiveLimiter(4);
    await ask(limiter, answer(429, { 'retry-after': '9999999' }));
    const timers = countTimers();
    const abort = new AbortController();
    const waiting = ask(limiter, answer(), abort.signal);
    const others = ask(limiter, answer(), AbortSignal.timeout(1));
    abort.abort();
    await assert.rejects(waiting, { name: 'AbortError' });
    await assert.rejects(others, { name: 'TimeoutError' });
    await assert.rejects(ask(limiter, answer(), abort.signal), { name: 'AbortError' });
    assert.equal(countTimers(), timers, 'no timer keeps the process from ending');
  });

  it('frees the place of a call that fails', async () => {
    const limiter = new AdaptiveLimiter(1);
    const broken = () => Promise.reject(new Error('cut'));
    await assert.rejects(
      limiter.run(() => limiter.send(broken)),
      /cut/,
    );
    assert.equal((await ask(limiter)).status, 200);
  });
});

const countTimers = () =>
  process.getActiveResourcesInfo().filter((resource) => resource === 'Timeout').length;

/** The second after next, since HTTP's dates hold no fractions: 0.1 to 1.1 s from now. */
function nextSecond(): number {
  return Math.ceil((Date.now() + 100) / 1000) * 1000;
}
