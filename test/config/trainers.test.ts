import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { z } from 'zod';
import { defineConfig } from '../../config/config.ts';
import { ConfigError } from '../../config/errors.ts';
import { defineTrainer } from '../../workers/index.ts';

const box = defineTrainer({
  spec: z.strictObject({ type: z.literal('box'), host: z.string(), gpus: z.number().default(1) }),
  create: () => assert.fail('a configuration makes no trainer'),
});
const withTrainer = (trainer: unknown, trainers: unknown[] = [box]) => ({
  endpoints: {
    one: { baseURL: 'https://models.test/v1', ...(trainer !== undefined && { trainer }) },
  },
  extensions: { trainers },
});

describe("the trainer of an endpoint's configuration", () => {
  const trainerIn = (config: object) => defineConfig(config).endpoints.one!.trainer;

  it('is that of the wire of OpenAI where none is named', () => {
    assert.deepEqual(trainerIn(withTrainer(undefined)), { type: 'openai' });
    assert.deepEqual(defineConfig().endpoints.local!.trainer, { type: 'openai' });
  });

  it('may be one of an extension, whose own defaults are filled in', () => {
    const trainer = trainerIn(withTrainer({ type: 'box', host: 'gpu-1' }));
    assert.deepEqual(trainer, { type: 'box', host: 'gpu-1', gpus: 1 });
  });

  it('stays as it is when it is checked again', () => {
    const config = defineConfig(withTrainer({ type: 'box', host: 'gpu-1' }) as object);
    assert.deepEqual(defineConfig(config), config);
  });

  for (const [what, config, said] of [
    [
      'a kind that there is not',
      withTrainer({ type: 'bocks' }),
      /endpoints\.one\.trainer\.type must be .*"openai".* or "box", not that text/,
    ],
    [
      "a wrong field of the kind's own",
      withTrainer({ type: 'box', host: 'gpu-1', gpus: 'two' }),
      /endpoints\.one\.trainer\.gpus must be a number/,
    ],
    ['a missing one', withTrainer({ type: 'box' }), /one\.trainer\.host is missing/],
    [
      'one that the kind has not',
      withTrainer({ type: 'openai', host: 'gpu-1' }),
      /unknown field endpoints\.one\.trainer\.host/,
    ],
    ['two of one name', withTrainer(undefined, [box, box]), /extensions\.trainers\[1\]: "box" is/],
    [
      'what is no trainer',
      withTrainer(undefined, [{ type: 'box' }]),
      /extensions\.trainers\[0\]: this is no trainer: make it by defineTrainer/,
    ],
  ] as const)
    it(`cannot be ${what}; the field is named`, () => {
      assert.throws(
        () => defineConfig(config as object),
        (error) => error instanceof ConfigError && said.test(error.message),
      );
    });
});
