import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it } from 'mocha';
import { runSpec } from '../../core/registry.ts';
import type { ChatMessage } from '../../core/types.ts';
import { usageOf } from '../../core/usage.ts';
import type { ChatQuestion } from '../../testing/answers.ts';
import { useBench } from '../support/suite.ts';

const MODEL = 'smollm2-135m-instruct';

/** A turn of a conversation about a table: its question means nothing without the turn before it. */
function row(index: number) {
  const [then, now] = [1_000 + 10 * index, 1_250 + 13 * index];
  return {
    pre_text: ['in thousands of dollars :'],
    table: [
      ['', '2018', '2017'],
      [`sales of unit ${index}`, `$ ${now}`, `$ ${then}`],
    ],
    question: 'and what is the change since then?',
    before: [[`what were the sales of unit ${index} in 2017?`, String(then)]],
    answer: String((now - then) / then),
  };
}

/** What a model says: right if it was trained, and else for every other unit; each time in other words. */
function answerTo({ text, model, body }: ChatQuestion): string {
  const [, now, then] = /\| \$ (\d+) \| \$ (\d+) \|/.exec(text)!.map(Number);
  const asked = body.messages.at(-3)!;
  const unit = Number(/of unit (\d+) in 2017/.exec(String(asked.content))![1]);
  const change = (now! - then!) / then!;
  const isRight = model !== MODEL || unit % 2 === 0;
  const said = isRight ? change : 2 * change;
  const shots = body.messages.length;
  if (shots > 4) return `Sales in 2017 were ${then}. Answer: ${(100 * said).toFixed(1)} %`;
  return `${now} - ${then} = ${now! - then!}; (${now} - ${then}) / ${then} ≈ ${said}`;
}

describe('a round on numbers that conversations ask for', () => {
  const bench = useBench('suite');

  it('shows and teaches whole conversations, and takes numbers in any form for the same', async () => {
    const { provider, folder } = bench;
    provider.setAnswers({ chat: answerTo });
    const write = async (split: string, from: number, count: number) => {
      const rows = Array.from({ length: count }, (_, at) => `${JSON.stringify(row(from + at))}\n`);
      await writeFile(join(folder, `${split}.jsonl`), rows.join(''));
      return join(folder, `${split}.jsonl`);
    };
    const spec = runSpec.parse({
      name: 'conversations',
      task: { type: 'numeric' },
      data: {
        labelled: await write('labelled', 0, 10),
        unlabelled: await write('unlabelled', 10, 12),
        test: await write('test', 22, 10),
        columns: { context: ['pre_text', 'table'] },
      },
      resolution: 'justify',
    });
    await bench.run(spec);
    const [report] = await bench.reports(spec.name);
    const { name, values } = report!.metrics[0]!;
    assert.deepEqual([name, values.base.value, values.semievol.value], ['accuracy', 0.5, 1]);
    assert.equal(report!.pseudoLabels.all.value, 1);
    assert.equal(usageOf(report!.usage, 'justify').requests, 0, 'all agree');

    const embedded = provider
      .requests({ kind: 'embeddings' })
      .flatMap(({ body }) => body!.input as string[]);
    assert.ok(
      embedded.includes(
        'and what is the change since then?\nwhat were the sales of unit 3 in 2017?',
      ),
    );

    const trained = provider.jobs
      .all()
      .find(({ metadata }) => /warm-up/.test(metadata!.semievol_key!))!;
    const file = await fetch(`${provider.baseURL}/files/${trained.training_file}/content`);
    const rows = (await file.text())
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    assert.equal(rows.length, 10);
    const of = (unit: number) =>
      rows.find(({ messages }) => messages[1].content.includes(`of unit ${unit} `)).messages;
    const [system, ...turns]: ChatMessage[] = of(3);
    assert.equal(system!.role, 'system');
    assert.deepEqual(turns, [
      { role: 'user', content: 'what were the sales of unit 3 in 2017?' },
      { role: 'assistant', content: '1030' },
      {
        role: 'user',
        content:
          'in thousands of dollars :\n\n|  | 2018 | 2017 |\n| --- | --- | --- |\n| sales of unit 3 | $ 1289 | $ 1030 |\n\nand what is the change since then?',
      },
      { role: 'assistant', content: row(3).answer },
    ]);
  });
});
