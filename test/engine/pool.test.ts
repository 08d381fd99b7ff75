import assert from 'node:assert/strict';
import fc from 'fast-check';
import { describe, it } from 'mocha';
import { ApiError } from '../../engine/errors.ts';
import { type BaseModel, BUILT_IN } from '../../engine/models.ts';
import { ModelPool } from '../../engine/pool.ts';

const modelOf = (name: string, bytes: number): BaseModel => ({ ...BUILT_IN, name, bytes });

/** A pool whose processes are none: what each does is done when `until` says so. */
const poolOf = (limit: number, until: (what: string) => Promise<unknown>) => {
  /** In the order in which they were loaded; one that goes may be loaded anew meanwhile. */
  const loaded = new Set<BaseModel>();
  const journal: string[] = [];
  const pool = new ModelPool(limit, (model) => {
    const { name } = model;
    const place = { ...model };
    loaded.add(place);
    let busy = 0;
    return {
      start: () => {},
      request: async (payload) => {
        busy += 1;
        journal.push(`${name} asked`);
        await until(`${name} answers`);
        busy -= 1;
        return payload as object;
      },
      close: async () => {
        assert.equal(busy, 0, `${name} is closed at work`);
        journal.push(`${name} closes`);
        await until(`${name} closes`);
        loaded.delete(place);
      },
    };
  });
  const weight = () => [...loaded].reduce((sum, { bytes }) => sum + bytes, 0);
  const names = () => [...loaded].map(({ name }) => name);
  return { pool, weight, names, journal };
};

const settled = () => new Promise((resolve) => setImmediate(resolve));

describe('engine: models in memory', () => {
  const [a, b, c] = [modelOf('a', 1), modelOf('b', 1), modelOf('c', 1)];

  it('go by least recent use', async () => {
    const { pool, names } = poolOf(2, async () => {});
    for (const model of [a, b, a, c]) await pool.request(model, {});
    assert.deepEqual(names(), ['a', 'c']);
  });

  it('go once they are idle, and take nothing new meanwhile', async () => {
    let answer = () => {};
    const held = new Promise<void>((resolve) => {
      answer = resolve;
    });
    const { pool, journal } = poolOf(1, (what) =>
      what === 'a answers' ? held : Promise.resolve(),
    );
    const asked = [a, b, a, b].map((model) => pool.request(model, {}));
    await settled();
    assert.deepEqual(journal, ['a asked']);
    answer();
    await Promise.all(asked);
    assert.deepEqual(journal, [
      ...['a asked', 'a closes'],
      ...['b asked', 'b asked', 'b closes'], // all that waited for it
      'a asked',
    ]);
  });

  it('leave the queue with their client', async () => {
    let answer = () => {};
    const held = new Promise<void>((resolve) => {
      answer = resolve;
    });
    const { pool, journal } = poolOf(1, () => held);
    const first = pool.request(a, {});
    const client = new AbortController();
    const gone = assert.rejects(pool.request(b, {}, { signal: client.signal }), { status: 499 });
    client.abort();
    await gone;
    const second = pool.request(a, {});
    await settled();
    assert.deepEqual(journal, ['a asked', 'a asked'], 'nobody is there to leave for');
    answer();
    await Promise.all([first, second]);
  });

  it('give room to trainings, and are refused where these leave none', async () => {
    const { pool, names } = poolOf(2, async () => {});
    await pool.request(a, {});
    await pool.request(b, {});
    const ended = await pool.beginTraining(a);
    assert.deepEqual(names(), ['b']);
    await assert.rejects(pool.request(modelOf('large', 2), {}), {
      status: 429,
      code: 'no_room',
      retryAfterSeconds: 15,
    });
    await pool.request(c, {});
    ended();
    await pool.request(modelOf('large', 2), {});
    await assert.rejects(pool.request(modelOf('huge', 3), {}), { status: 400, code: 'no_room' });
    await assert.rejects(pool.beginTraining(modelOf('huge', 3)), { code: 'no_room' });
  });

  it('weigh at most the limit, and each request is answered or refused, whatever comes when', async () => {
    const uses = fc.array(
      fc.record({ model: fc.nat(3), use: fc.constantFrom('ask', 'ask', 'ask', 'train') }),
      { maxLength: 20 },
    );
    const property = fc.asyncProperty(
      fc.scheduler(),
      fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 4, maxLength: 4 }),
      fc.nat(10),
      uses,
      async (scheduler, sizes, spare, wanted) => {
        const models = sizes.map((bytes, i) => modelOf(`m${i}`, bytes));
        const limit = Math.max(...sizes) + spare;
        let training = 0;
        const { pool, weight } = poolOf(limit, async (what) => {
          assert.ok(weight() + training <= limit);
          await scheduler.schedule(Promise.resolve(), what);
        });
        let trainer: Promise<unknown> = Promise.resolve(); // one at a time, as the engine's
        const done = wanted.map(({ model: i, use }) => {
          const model = models[i]!;
          if (use === 'ask')
            return scheduler
              .schedule(Promise.resolve(), 'client')
              .then(() => pool.request(model, {}))
              .catch((error) => assert.ok(error instanceof ApiError && error.status === 429));
          trainer = trainer.then(async () => {
            const ended = await pool.beginTraining(model);
            training = model.bytes;
            assert.ok(weight() + training <= limit);
            await scheduler.schedule(Promise.resolve(), 'trained');
            training = 0;
            ended();
          });
          return trainer;
        });
        await scheduler.waitFor(Promise.all(done));
      },
    );
    await fc.assert(property, { numRuns: 300 });
  });
});
