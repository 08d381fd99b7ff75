import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { openStore } from '../../store/store.ts';
import { goldAnswer } from '../../testing/model.ts';
import { LABELS } from '../../testing/task.ts';
import { writeTask } from '../support/stack.ts';
import { useBench } from '../support/suite.ts';
import { taughtBy } from './support.ts';

/** The reasons are the less sure, the higher the number of the thing; the answer is the surer. */
function tokensOf(question: string) {
  const number = Number(/\d+/.exec(question)![0]);
  return [
    ['It is no food', -number],
    [', says the shape.\n', -1],
    ['Answer:', -1],
    [` ${goldAnswer(question, LABELS)}`, -1 / (number + 1)],
  ] as const;
}

describe('a round with answers after reasoning', () => {
  const bench = useBench('suite');

  it('ranks by the answers, teaches the responses, and asks the final model for them', async () => {
    const { provider } = bench;
    const systems = new Set<string>();
    provider.setFaults(({ path, body }) => {
      const messages = body?.messages as { content: string }[] | undefined;
      if (path !== '/chat/completions' || !messages!.at(-1)!.content.startsWith('the thing'))
        return undefined;
      systems.add(messages![0]!.content);
      const tokens = tokensOf(messages!.at(-1)!.content);
      const content = tokens.map(([token, logprob]) => ({ token, logprob }));
      const message = { content: tokens.map(([token]) => token).join('') };
      const choice = { message, finish_reason: 'stop', logprobs: { content } };
      const usage = { prompt_tokens: 9, completion_tokens: 4 };
      const choices = Array(Number(body!.n ?? 1)).fill(choice);
      return { status: 200, body: { choices, usage } };
    });
    const sizes = { labelled: 10, unlabelled: 20, test: 10 };
    const spec = await writeTask(bench.folder, 'reasoned', sizes, {
      answer: { form: 'reasoned', entropy: 'answer', target: 'response' },
    });
    await bench.run(spec);
    const [report] = await bench.reports(spec.name);
    assert.equal(report!.metrics[0]!.values.semievol.value, 1, 'the marked answer was read');
    assert.equal(systems.size, 1, 'collaborators and evaluation are asked in one form');
    const [system] = systems;
    assert.match(system!, /Think step by step\. End with the line:\nAnswer: </);

    const store = await openStore(bench.config.store);
    try {
      const tables = await store.run(spec.name, report!.dataset);
      const labels = await tables.pseudoLabels(1, { from: 0, to: sizes.unlabelled });
      assert.equal(labels.length, sizes.unlabelled);
      for (const { ordinal, entropy, response } of labels) {
        const question = `the thing that has number ${sizes.labelled + ordinal}`;
        assert.ok(Math.abs(entropy! - 1 / (sizes.labelled + ordinal + 1)) < 1e-9);
        assert.equal(
          response,
          tokensOf(question)
            .map(([token]) => token)
            .join(''),
        );
      }
    } finally {
      store.close();
    }

    // Of the whole responses the first would be the surest, of the answers the last are.
    const rows = await taughtBy(bench, 'semievol');
    const selected = rows.slice(sizes.labelled);
    assert.equal(selected.length, sizes.unlabelled / 2);
    for (const { messages } of selected) {
      const [asked, question, said] = messages.map(({ content }) => content);
      assert.ok(Number(/\d+/.exec(question!)![0]) >= sizes.labelled + sizes.unlabelled / 2);
      assert.equal(asked, system);
      assert.equal(
        said,
        tokensOf(question!)
          .map(([token]) => token)
          .join(''),
      );
    }
    for (const { messages } of rows.slice(0, sizes.labelled)) {
      assert.match(messages[0]!.content, /Answer with one of the labels only\.$/);
      assert.ok(LABELS.includes(messages.at(-1)!.content));
    }
  });
});
