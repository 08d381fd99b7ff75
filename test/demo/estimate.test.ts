import assert from 'node:assert/strict';
import fc from 'fast-check';
import { describe, it } from 'mocha';
import { OpenAI } from 'openai';
import {
  fittingSizes,
  forecast,
  forecastIn,
  MOST_SECONDS,
  mayBeChosen,
  STEPS,
  smallestSizes,
  totalOf,
  totalOfRounds,
} from '../../demo/estimate.ts';
import { demoSpec } from '../../demo/spec.ts';
import { measureSpeed } from '../../demo/speed.ts';
import { useProvider } from '../support/suite.ts';

const spec = demoSpec('demo', 0);
const labelled = 40;
const sizesAt = (step: number) => ({ labelled, ...STEPS[step]! });
const secondsOf = (sizes: Parameters<typeof forecast>[1], speed: number) =>
  totalOf(forecast(spec, sizes, speed));

describe('the estimate of the demo', () => {
  it('grows with what is asked, answered and trained', () => {
    const few = forecast(spec, { labelled, unlabelled: 400, test: 100 }, 200);
    const many = forecast(spec, { labelled, unlabelled: 800, test: 300 }, 200);
    assert.equal(many.propagate, 2 * few.propagate!);
    assert.ok(Math.abs(many.evaluate! - 3 * few.evaluate!) < 1e-9);
    assert.equal(many['warm-up'], few['warm-up'], 'it learns from the labelled alone');
    assert.ok(many['fine-tune']! > few['fine-tune']!);
  });

  it('follows the recipe: epochs and collaborators', () => {
    const [one] = spec.collaborators;
    const cheaper = {
      ...spec,
      collaborators: [one!],
      training: { ...spec.training, epochs: 2 * spec.training.epochs },
    };
    const [usual, other] = [spec, cheaper].map((of) => forecast(of, sizesAt(0), 200));
    assert.ok(other!.propagate! < usual!.propagate! / 2, 'one of four that share a prompt');
    assert.equal(usual!['warm-up-4'], usual!['warm-up']);
    assert.equal(other!['warm-up-4'], undefined);
    assert.ok(other!['warm-up']! > 1.5 * usual!['warm-up']!);
  });

  it('is of each round about the part of the unlabelled that has come by then', () => {
    const sizes = { labelled, unlabelled: 600, test: 300, rounds: 3 };
    const [first, , last] = [1, 2, 3].map((round) => forecastIn(round, spec, sizes, 200));
    assert.deepEqual(first, forecast(spec, { labelled, unlabelled: 200, test: 300 }, 200));
    assert.ok(Math.abs(last!.propagate! - 3 * first!.propagate!) < 1e-9);
    const all = totalOfRounds(spec, sizes, 200);
    assert.ok(all > totalOf(last!) && all < 3 * totalOf(last!));
  });

  it('says nothing of a baseline that the warm-up stands for', () => {
    const sizes = { labelled, unlabelled: 8, test: 8 };
    assert.equal(forecast(spec, sizes, 200).baseline, undefined);
    assert.ok(forecast(spec, sizesAt(0), 200).baseline! > 0);
  });
});

describe('the sizes of the demo', () => {
  const speed = fc.double({ min: 1, max: 10_000, noNaN: true });

  it('end in time where any do, and are the largest that do', () => {
    fc.assert(
      fc.property(speed, (speed) => {
        const sizes = fittingSizes(spec, { labelled }, speed);
        const step = STEPS.findIndex(({ unlabelled, test }) => {
          return unlabelled === sizes.unlabelled && test === sizes.test;
        });
        assert.ok(step >= 0);
        if (step < STEPS.length - 1) assert.ok(secondsOf(sizes, speed) <= MOST_SECONDS);
        if (step > 0) assert.ok(secondsOf(sizesAt(step - 1), speed) > MOST_SECONDS);
      }),
    );
  });

  it('are never larger on a slower machine', () => {
    fc.assert(
      fc.property(speed, speed, (a, b) => {
        const [slow, fast] = [Math.min(a, b), Math.max(a, b)].map((one) =>
          fittingSizes(spec, { labelled }, one),
        );
        assert.ok(slow!.unlabelled <= fast!.unlabelled && slow!.test <= fast!.test);
      }),
    );
  });

  it('are kept where they are given', () => {
    for (const speed of [1, 10_000]) {
      const asked = { labelled: 8, unlabelled: 24, test: 1_000 };
      assert.deepEqual(fittingSizes(spec, asked, speed), asked);
      const { test } = fittingSizes(spec, { labelled, test: 16 }, speed);
      assert.equal(test, 16);
    }
  });

  it('may be chosen again, and no others', () => {
    fc.assert(
      fc.property(speed, (speed) =>
        assert.ok(mayBeChosen(fittingSizes(spec, { labelled }, speed), { labelled })),
      ),
    );
    assert.ok(mayBeChosen(smallestSizes({ labelled }), { labelled }));
    assert.ok(!mayBeChosen({ labelled, unlabelled: 24, test: 16 }, { labelled }));
    assert.ok(!mayBeChosen({ ...sizesAt(0), labelled: 8 }, { labelled }));
  });
});

describe('the speed of a machine', () => {
  const provider = useProvider('suite');

  it('is measured with questions of the demo, beside what is cached', async () => {
    const { baseURL } = provider;
    const client = new OpenAI({ baseURL, apiKey: 'none' });
    const began = performance.now();
    const speed = await measureSpeed(client, spec, new AbortController().signal);
    const seconds = (performance.now() - began) / 1_000;
    const requests = provider.requests({ path: '/chat/completions' });
    assert.equal(requests.length, 33);
    const questions = new Set(requests.map(({ body }) => JSON.stringify(body?.messages)));
    assert.equal(questions.size, 33, 'none could be answered from a cache');
    // Some of the time went before the questions that are counted.
    assert.ok(speed > 32 / seconds, `${speed} tokens/s`);
  });

  it('is not waited for after Ctrl-C', async () => {
    const client = new OpenAI({ baseURL: provider.baseURL, apiKey: 'none' });
    const reason = AbortSignal.abort();
    await assert.rejects(measureSpeed(client, spec, reason), { name: 'Error' });
  });
});
