import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { z } from 'zod';
import { defineConfig } from '../../config/config.ts';
import { defineCollaborator } from '../../core/collaborators/kind.ts';
import { Registry } from '../../core/registry.ts';
import { usageOf } from '../../core/usage.ts';
import { openStore } from '../../store/store.ts';
import { LABELS, writeTask } from '../../testing/task.ts';
import { SemiEvolPlugin } from '../../workers/plugin.ts';
import { useBench } from '../support/suite.ts';

const sizes = { labelled: 20, unlabelled: 40, test: 10 };
const everything = { from: 0, to: sizes.unlabelled };

/** Whether a message asks about one of the unlabelled questions that `writeTask` writes. */
const isOfUnlabelled = (message: unknown) => {
  const number = Number(/thing that has number (\d+)/.exec(JSON.stringify(message))?.[1]);
  return number >= sizes.labelled && number < sizes.labelled + sizes.unlabelled;
};

/** Knows nothing: its answer follows from the last digit of the question. */
const digits = defineCollaborator({
  spec: z.strictObject({ type: z.literal('digits'), from: z.number().default(0) }),
  create: ({ from }) => ({
    async answer({ question }) {
      const digit = Number(question.at(-1));
      return digit < from
        ? { answer: null }
        : { answer: LABELS[digit % LABELS.length]!, probability: 0.25 };
    },
  }),
});

describe('collaborators that ask no model', () => {
  const bench = useBench('test');
  const registry = new Registry({ collaborators: [digits] });

  const run = async (name: string, changes: object) => {
    const written = await writeTask(bench.folder, name, sizes);
    const spec = registry.runSpec.parse({ ...written, ...changes });
    const config = defineConfig({ ...bench.config, extensions: { collaborators: [digits] } });
    const worker = await bench.worker({ plugins: [new SemiEvolPlugin(config)] });
    await worker.runUntil(async () => (await bench.start(spec)).result());
    const [report] = await bench.reports(name);
    const store = await openStore(bench.config.store);
    const tables = await store.run(name, report!.dataset);
    const rows = {
      answers: await tables.answers({ round: 1, stage: 'collaborate', range: everything }),
      neighbours: [
        ...(await tables.neighbours({ round: 1, split: 'unlabelled', range: everything })).values(),
      ],
      pseudoLabels: await tables.pseudoLabels(1, everything),
    };
    store.close();
    return { report: report!, ...rows };
  };

  it('agree, disagree and are weighed as any other, and cost nothing', async () => {
    const collaborators = [
      { type: 'neighbours', name: 'vote' },
      { type: 'digits', name: 'rules', from: 3 },
      { name: 'model', shots: 2 },
    ];
    const made = await run('with-free', { collaborators, resolution: 'vote' });
    const { report, answers, neighbours, pseudoLabels } = made;
    assert.deepEqual(
      report.answers.slice(0, 3).map((one) => [one.collaborator, one.answers, one.unread]),
      [
        ['vote', 40, 0],
        ['rules', 40, 12],
        ['model', 40, 0],
      ],
    );
    const ofExample = Map.groupBy(answers, ({ ordinal }) => ordinal);
    const agreed = [...ofExample.values()].filter(
      (three) => new Set(three.map(({ parsed }) => parsed)).size === 1,
    );
    assert.equal(report.pseudoLabels.agreement, agreed.length / sizes.unlabelled);
    for (const { ordinal, label, votes, collaborators: of, entropy } of pseudoLabels) {
      const behind = ofExample.get(ordinal)!.filter(({ parsed }) => parsed === label);
      assert.deepEqual([votes, of], [behind.length, 3]);
      const mean = behind.reduce((sum, one) => sum + one.entropy!, 0) / behind.length;
      assert.ok(Math.abs(entropy! - mean) < 1e-9);
    }
    const free = answers.filter(({ collaborator }) => collaborator !== 'model');
    assert.ok(free.every(({ endpoint, promptTokens }) => endpoint === '' && promptTokens === 0));

    assert.equal(usageOf(report.usage, 'collaborate').requests, sizes.unlabelled);
    assert.ok(report.usage.every(({ endpoint }) => endpoint === 'local'));
    const { length: asked } = bench.provider
      .requests({ kind: 'chat', status: 200 })
      .filter(({ body }) => isOfUnlabelled(body.messages.at(-1)));
    assert.equal(asked, sizes.unlabelled);

    for (const { labelled, similarities } of neighbours) {
      assert.equal(labelled.length, 5);
      assert.ok(similarities.every((one) => one >= 0 && one <= 1));
      assert.deepEqual(
        similarities,
        similarities.toSorted((a, b) => b - a),
      );
    }
  });

  it('label alone, without a request about what is unlabelled', async () => {
    const { report, answers, neighbours } = await run('free-alone', {
      collaborators: [{ type: 'neighbours', name: 'vote', neighbours: 3 }],
      ...{ resolution: 'vote', retrieval: { mode: 'hybrid' } },
    });
    assert.equal(answers.length, sizes.unlabelled);
    assert.ok(neighbours.every(({ labelled }) => labelled.length === 3));
    assert.equal(report.pseudoLabels.agreement, 1, 'one alone agrees with itself');
    const chats = bench.provider.requests({ kind: 'chat' });
    assert.ok(!chats.some(({ body }) => isOfUnlabelled(body.messages.at(-1))));
  });
});
