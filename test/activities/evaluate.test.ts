import assert from 'node:assert/strict';
import { afterEach, describe, it } from 'mocha';
import type { Answer } from '../../core/answer.ts';
import { answer } from '../store/support.ts';
import { attempt, type Laboratory, MODEL, openLaboratory, pool, ref } from './support.ts';

describe('evaluate', () => {
  let lab: Laboratory;
  afterEach(() => lab.close());

  it('counts what the store has, where another attempt has answered first', async () => {
    const examples = pool('test', 20);
    lab = await openLaboratory({ examples });
    // The other attempt is through before this one is answered.
    const committed = Promise.withResolvers<undefined>();
    lab.provider.setFaults(() => committed.promise);
    const input = {
      ...ref,
      role: 'vanilla' as const,
      split: 'test' as const,
      model: MODEL,
      range: { from: 0, to: 20 },
    };
    const running = attempt(lab.activities.evaluate, input);
    await lab.provider.untilRequest();
    const all = (parsed: (gold: string) => string) =>
      examples.map(
        ({ ordinal, id, split, answer }): Answer => ({
          ...{ round: 1, stage: 'evaluate-vanilla', split, ordinal, exampleId: id },
          ...{ endpoint: 'local', model: MODEL, transport: 'direct' },
          ...{ collaborator: 'vanilla', sample: 0, text: answer!, parsed: parsed(answer!) },
          ...{ entropy: null, probability: null, shares: null, finishReason: 'stop' },
          ...{ promptTokens: 1, cachedTokens: 0, completionTokens: 1 },
        }),
      );
    await lab.tables.addAnswers(
      all((gold) => gold),
      1,
    );
    committed.resolve(undefined);
    const first = await running;
    const parts = [{ metric: 'accuracy', got: 20, of: 20 }];
    assert.deepEqual([first.examples, first.parts], [20, parts]);
    // An attempt that comes later changes nothing any more.
    await lab.tables.addAnswers(
      all(() => 'wrong'),
      2,
    );
    assert.deepEqual((await attempt(lab.activities.evaluate, input, 3)).parts, parts);
  });

  it('asks no model again what an earlier round has asked it, in whatever role', async () => {
    const examples = pool('test', 6);
    lab = await openLaboratory({ examples });
    const given = examples.slice(0, 4).map(({ ordinal, id, split, answer: gold }) =>
      answer(ordinal, {
        ...{ stage: 'evaluate-sft', split, exampleId: id, model: MODEL },
        ...{ collaborator: 'sft', parsed: gold!, finishReason: 'stop' },
      }),
    );
    await lab.tables.addAnswers(given, 1);
    const graded = {
      round: 1,
      role: 'sft',
      model: MODEL,
      metric: 'accuracy',
      got: 4,
      of: 4,
    } as const;
    await lab.tables.addEvaluations([graded]);
    for (const role of ['champion', 'vanilla', 'semievol'] as const) {
      const before = lab.provider.requests({ kind: 'chat' }).length;
      const range = { from: 0, to: 6 };
      const input = { ...ref, round: 3, role, split: 'test' as const, model: MODEL, range };
      assert.equal((await attempt(lab.activities.evaluate, input)).examples, 6);
      const asked = lab.provider.requests({ kind: 'chat' }).length - before;
      assert.equal(asked, 2, role);
    }
  });
});
