import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it } from 'mocha';
import { runSpec } from '../../core/registry.ts';
import type { ChatQuestion } from '../../testing/answers.ts';
import { useBench } from '../support/suite.ts';
import { taughtBy } from './support.ts';

const MODEL = 'smollm2-135m-instruct';
const schema = {
  type: 'object',
  properties: {
    vendor: { type: 'string' },
    day: { type: 'string', format: 'date' },
    total: { type: 'number' },
  },
  required: ['vendor', 'total'],
};
const FORMAT = {
  type: 'json_schema',
  json_schema: {
    name: 'answer',
    schema: {
      type: 'object',
      properties: { ...schema.properties, day: { type: ['string', 'null'], format: 'date' } },
      required: ['vendor', 'day', 'total'],
      additionalProperties: false,
    },
    strict: true,
  },
};

/** What an invoice says, and the fields in it. */
const textOf = (index: number) => `Firm ${index}. January 5, 2024. Total: EUR 1,${500 + index}.50`;
const fieldsOf = (index: number) => ({
  vendor: `Firm ${index}`,
  day: '2024-01-05',
  total: 1500.5 + index,
});

/** What a model finds: all if it was trained; else, in every other invoice, no total. In many forms. */
function answerTo({ text, model, body }: ChatQuestion): string {
  const index = Number(/Firm (\d+)/.exec(text)![1]);
  const { vendor, day, total } = fieldsOf(index);
  const isWhole = model !== MODEL || index % 2 === 0;
  if (!isWhole) return JSON.stringify({ total: null, vendor, day });
  const said = `{'vendor': '${vendor.toUpperCase()}', 'day': 'Jan 5, 2024', 'total': '${total} EUR',}`;
  return body.messages.length > 2
    ? `Here it is:\n\`\`\`json\n${said}\n\`\`\``
    : JSON.stringify({ vendor, day, total });
}

describe('a round on fields of texts', () => {
  const bench = useBench('suite');

  async function writtenSpec(name: string) {
    const write = async (split: string, from: number, count: number, extension: string) => {
      const indices = Array.from({ length: count }, (_, at) => from + at);
      const file = join(bench.folder, `${split}.${extension}`);
      const csv = (index: number) =>
        `"${textOf(index)}","${JSON.stringify(fieldsOf(index)).replaceAll('"', '""')}"`;
      const rows =
        extension === 'csv'
          ? ['question,answer', ...indices.map(csv)]
          : indices.map((one) => JSON.stringify({ question: textOf(one), answer: fieldsOf(one) }));
      await writeFile(file, `${rows.join('\n')}\n`);
      return file;
    };
    return runSpec.parse({
      name,
      task: { type: 'extraction', schema },
      data: {
        labelled: await write('labelled', 0, 10, 'jsonl'),
        unlabelled: await write('unlabelled', 10, 10, 'jsonl'),
        test: await write('test', 20, 10, 'csv'),
      },
    });
  }

  it('asks for structured output, and counts by object and by field', async () => {
    bench.provider.setAnswers({ chat: answerTo });
    const spec = await writtenSpec('fields');
    await bench.run(spec);
    const [report] = await bench.reports(spec.name);
    const [match, f1] = report!.metrics;
    assert.deepEqual([match!.name, f1!.name], ['exact match', 'field F1']);
    assert.deepEqual([match!.values.base.got, match!.values.base.of], [5, 10]);
    // Five with three right of three, five with two right of two, of three.
    assert.deepEqual([f1!.values.base.got, f1!.values.base.of], [5 * 6 + 5 * 4, 5 * 6 + 5 * 5]);
    assert.deepEqual([match!.values.semievol.value, f1!.values.semievol.value], [1, 1]);
    assert.equal(report!.pseudoLabels.all.value, 1, 'texts agree in any case');

    const asked = bench.provider.requests({ kind: 'chat' }).map(({ body }) => body);
    for (const { response_format } of asked) assert.deepEqual(response_format, FORMAT);
    const rows = await taughtBy(bench, 'semievol');
    assert.equal(rows.length, 10 + report!.pseudoLabels.count);
    for (const { messages } of rows) {
      const index = Number(/Firm (\d+)/.exec(messages.at(-2)!.content)![1]);
      const taught = messages.at(-1)!.content;
      assert.equal(taught.toLowerCase(), JSON.stringify(fieldsOf(index)).toLowerCase());
    }
  });
});
