import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it } from 'mocha';
import { runSpec } from '../../core/registry.ts';
import { markdown } from '../../core/report/markdown.ts';
import { roundSections } from '../../core/report/round.ts';
import { useBench } from '../support/suite.ts';
import { textOf } from './support.ts';

const BASE = 'smollm2-135m-instruct';
const WRONG = 'The answer is -1.';

describe('A gate that looks at categories', () => {
  const bench = useBench('suite');

  /** Which number is told: of "Law" tuned models alone can tell it, of "Physics" the base alone. */
  const row = (number: number, subject?: string) => ({
    question: `Which number is told for ${subject ?? 'all'}? It is ${number}.`,
    answer: number,
    ...(subject !== undefined && { subject }),
  });

  async function write(name: string, rows: object[]): Promise<string> {
    const file = join(bench.folder, `${name}.jsonl`);
    await writeFile(file, `${rows.map((one) => JSON.stringify(one)).join('\n')}\n`);
    return file;
  }

  const several = <T>(count: number, of: (index: number) => T): T[] =>
    Array.from({ length: count }, (_, index) => of(index));

  async function specOf(name: string, category?: string) {
    const unlabelled = several(20, (index) => ({ question: row(100 + index).question }));
    return runSpec.parse({
      name,
      task: { type: 'numeric' },
      data: {
        columns: { category },
        labelled: await write(
          'labelled',
          several(20, (index) => row(index)),
        ),
        unlabelled: await write('unlabelled', unlabelled),
        test: await write('test', [
          ...several(30, (index) => row(200 + index, 'Law')),
          ...several(10, (index) => row(300 + index, 'Physics')),
          row(400),
        ]),
      },
      gate: { veto: { maximumLoss: 0.2 } },
      ...{ resolution: 'vote', batch: { size: 20, window: 2 } },
    });
  }

  it('keeps the champion where a challenger gains in all and loses one, which the report names', async () => {
    bench.provider.setAnswers({
      chat: ({ text, model }) => {
        const [, subject, number] = /told for (\w+)\? It is (\d+)\./.exec(text)!;
        const isBase = model === BASE;
        const isLost = subject === 'Law' ? isBase : subject === 'Physics' && !isBase;
        return isLost ? WRONG : `The answer is ${number}.`;
      },
    });
    await bench.run(await specOf('vetoed', 'subject'));
    const [report] = await bench.reports('vetoed');
    const { gate, byClass, byCategory, promoted } = report!;
    assert.ok(gate!.tests[0]!.gain! > 0.45);
    assert.deepEqual([gate!.verdict, promoted], ['keep', false]);
    assert.deepEqual(gate!.vetoes, [{ of: 'category', label: 'Physics', examples: 10, loss: 1 }]);
    assert.equal(
      gate!.reason,
      'the category "Physics" loses 100.0 %, more than gate.veto.maximumLoss',
    );
    assert.equal(byClass, undefined);
    assert.deepEqual(
      byCategory!.listed.map(({ label, examples, values }) => [
        ...[label, examples, values.vanilla, values.semievol],
      ]),
      [
        ['Law', 30, 0, 1],
        ['Physics', 10, 1, 0],
      ],
    );
    assert.equal(byCategory!.without, 1);
    assert.match(
      markdown(roundSections(report!)),
      /^\| category \| Physics \| 100\.0 % \| 10 \|$/m,
    );
    const asked = JSON.stringify(bench.provider.requests({ kind: 'chat' }).map(({ body }) => body));
    assert.doesNotMatch(asked, /"subject"|"category"/);
  });

  it('lets it take the place where the spec names no column of categories', async () => {
    await bench.run(await specOf('unaware'));
    const [report] = await bench.reports('unaware');
    assert.deepEqual([report!.gate!.verdict, report!.byCategory], ['promote', undefined]);
  });

  it('leaves names of categories out of histories, which tell that there was one', async () => {
    const handle = bench.temporal.client.workflow.getHandle('vetoed');
    const { events } = await handle.fetchHistory();
    const history = textOf(events);
    assert.match(history, /a category loses 100\.0 %/);
    assert.doesNotMatch(history, /Physics|Law/);
  });
});
