import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import fc from 'fast-check';
import { describe, it } from 'mocha';
import { builtIn } from '../../../core/registry.ts';
import { LAYOUTS, type LayoutName } from '../../../core/review/layouts/index.ts';
import { LayoutError } from '../../../core/review/layouts/layout.ts';
import { choicesOf, type ToReview } from '../../../core/review/shown.ts';

const toReview = (more: Partial<ToReview['example']> = {}): ToReview => {
  const example = {
    ...{ id: 'ab12', split: 'unlabelled' as const, ordinal: 3, question: 'a "rose",\nfor one' },
    ...more,
  };
  return {
    ...{ split: 'unlabelled', ordinal: 3, exampleId: example.id, position: 0, example },
    candidates: [
      { answer: 'plant', votes: 2 },
      { answer: 'food', votes: 2 },
    ],
    choices: [
      { answer: 'food', text: 'food' },
      { answer: 'plant', text: 'plant' },
    ],
    teaching: { disagreement: 0.5, nearness: 1 },
  };
};
const said = (layout: LayoutName, rows: unknown) =>
  LAYOUTS[layout].read(JSON.stringify(rows)).map((one) => one.said);

describe('Layouts of files for review', () => {
  it('give back every example as still open that nobody has answered', () => {
    const names = Object.keys(LAYOUTS) as LayoutName[];
    const texts = fc.record({ id: fc.string(), question: fc.string(), context: fc.string() });
    fc.assert(
      fc.property(fc.constantFrom(...names), fc.array(texts), (name, examples) => {
        const layout = LAYOUTS[name];
        const read = layout.read(layout.write(examples.map(toReview)));
        assert.deepEqual(
          read.map((one) => [one.exampleId, one.said]),
          examples.map(({ id }) => [id, null]),
        );
      }),
    );
  });

  it('take answers from JSON lines, texts or JSON, and bad examples', () => {
    const lines = [
      { id: '1', answer: 'food' },
      { id: '2', answer: ['food', 'plant'] },
      { id: '3', answer: 4 },
      { id: '4', answer: 'food', bad: true },
      { id: '5', answer: ' ' },
    ];
    const text = `${lines.map((line) => JSON.stringify(line)).join('\r\n')}\n\n`;
    assert.deepEqual(
      LAYOUTS.jsonl.read(text).map((one) => [one.where, one.said]),
      [
        ['line 1', { answer: 'food' }],
        ['line 2', { answer: '["food","plant"]' }],
        ['line 3', { answer: '4' }],
        ['line 4', 'bad'],
        ['line 5', null],
      ],
    );
  });

  it("take answers from Label Studio's export, of several annotations the last", () => {
    const choices = (name: string, ...picked: string[]) => ({
      ...{ id: 'x', from_name: name, to_name: 'question', type: 'choices' },
      value: { choices: picked },
    });
    const task = (...annotations: object[]) => ({ id: 7, data: { id: '1' }, annotations });
    const by = { id: 9, completed_by: 4, was_cancelled: false, lead_time: 2.5 };
    const typed = {
      ...{ id: 'y', from_name: 'answer', to_name: 'question', type: 'textarea' },
      value: { text: ['a rose'] },
    };
    assert.deepEqual(
      said('label-studio', [
        task({ ...by, result: [choices('answer', 'food')] }),
        task({ ...by, result: [choices('answer', 'food', 'plant')] }),
        task({ ...by, result: [typed] }),
        task({ ...by, result: [choices('answer', 'food'), choices('bad', 'bad example')] }),
        task({ ...by, was_cancelled: true, result: [] }),
        task(
          { ...by, result: [choices('answer', 'food')] },
          { ...by, result: [choices('answer', 'plant')] },
        ),
        task({ ...by, result: [] }),
        { id: 8, data: { id: '1' } },
      ]),
      [
        ...[{ answer: 'food' }, { answer: '["food","plant"]' }, { answer: 'a rose' }],
        ...['bad', 'skip', { answer: 'plant' }, null, null],
      ],
    );
    const email = { email: 'ada@example.org', first_name: 'Ada' };
    const [named] = LAYOUTS['label-studio'].read(
      JSON.stringify([task({ ...by, completed_by: email, result: [choices('answer', 'food')] })]),
    );
    assert.equal(named!.reviewer, 'ada@example.org');
  });

  it('take what the tools themselves have exported', async () => {
    const exported = async (name: LayoutName) => {
      const file = new URL(`../../fixtures/${name}/export.json`, import.meta.url);
      const read = LAYOUTS[name].read(await readFile(file, 'utf8'));
      return Object.fromEntries(read.map((one) => [one.exampleId, one.said]));
    };
    assert.deepEqual(await exported('label-studio'), {
      aa01: { answer: 'a rose' }, // typed
      aa02: 'bad',
      aa03: 'skip',
      aa04: { answer: 'B' }, // shown as "B. green"
      aa05: { answer: 'login' }, // and called a good example
      aa06: { answer: 'other' }, // the first of two annotations, changed after the second was made
      aa08: null, // a draft
    });
    assert.deepEqual(await exported('argilla'), {
      aa01: { answer: 'login' },
      aa02: 'bad',
      aa03: { answer: 'other' },
      aa04: { answer: '["bill","other"]' },
      aa05: null,
      aa06: null, // a draft
    });
  });

  it('show options to choose from in Label Studio by their texts', () => {
    const one = toReview({ options: ['yes', 'no'] });
    const choices = [{ answer: 'A', text: 'A. yes' }];
    const [task] = JSON.parse(LAYOUTS['label-studio'].write([{ ...one, choices }]));
    assert.deepEqual(task.data.choices, [{ value: 'A. yes', alias: 'A' }]);
  });

  it("take answers from Argilla's records", () => {
    const record = (responses: object) => ({
      ...{ id: '1', fields: { question: 'q' }, metadata: {}, suggestions: {}, vectors: {} },
      ...{ _server_id: 'f3', responses },
    });
    const value = (value: unknown) => [{ value, user_id: 'u' }];
    assert.deepEqual(
      said('argilla', [
        record({ answer: value('food') }),
        record({ answer: value(['food', 'plant']) }),
        record({ bad: value('bad example'), answer: value('food') }),
        record({ bad: value(['bad example']) }),
        record({}),
      ]),
      [{ answer: 'food' }, { answer: '["food","plant"]' }, 'bad', 'bad', null],
    );
  });

  it('say what is no file of theirs, and where', () => {
    const refused = (name: LayoutName, text: string, why: RegExp) =>
      assert.throws(
        () => LAYOUTS[name].read(text),
        (error: Error) => {
          assert.ok(error instanceof LayoutError);
          return why.test(error.message);
        },
      );
    refused('jsonl', '{"id": "1"}\n[]', /^line 2 is not a JSON object/);
    refused('jsonl', '{"answer": "food"}', /^line 1 has no "id"/);
    refused('label-studio', '{"id": "1"}', /JSON list of tasks/);
    refused('label-studio', '[{"data": {"text": "q"}}]', /^task 1 .*"data.id"/);
    refused('argilla', 'id,answer', /not JSON/);
    refused('argilla', '[{"fields": {}}]', /^record 1 .*"id"/);
  });
});

describe('The choices of a reviewer', () => {
  const of = (spec: object, example: Partial<ToReview['example']> = {}, split?: 'labelled') => {
    const one = toReview(example);
    const task = builtIn.task(spec as Parameters<typeof builtIn.task>[0]);
    return choicesOf(task, one.example, { ...one, split: split ?? 'unlabelled' });
  };
  const labels = ['plant', 'animal', 'food'];

  it('are the labels of the task, in its order, whatever models say', () => {
    const choices = of({ type: 'classification', labels });
    assert.deepEqual(
      choices.map(({ answer }) => answer),
      labels,
    );
  });

  it('are the options of the example', () => {
    assert.deepEqual(of({ type: 'multiple-choice' }, { options: ['yes', 'no'] }), [
      { answer: 'A', text: 'A. yes' },
      { answer: 'B', text: 'B. no' },
    ]);
  });

  it('are what was answered where there is no list, and of a labelled one its own answer too', () => {
    const many = Array.from({ length: 12 }, (_, index) => `label ${index}`);
    const spec = { type: 'classification', labels: [...labels, ...many] };
    const answers = (split?: 'labelled') =>
      of(spec, { answer: 'animal' }, split).map(({ answer }) => answer);
    assert.deepEqual(answers(), ['food', 'plant'], 'what only measures is not shown');
    assert.deepEqual(answers('labelled'), ['animal', 'food', 'plant']);
  });
});
