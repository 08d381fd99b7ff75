import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { builtIn } from '../../core/registry.ts';
import { searchText } from '../../core/shots.ts';
import { dataSpec } from '../../core/spec.ts';
import type { Example, Shot } from '../../core/types.ts';
import { checkColumns } from '../../data/columns.ts';
import { exampleId, exampleOf } from '../../data/example.ts';
import { sentiment } from './support.ts';

const files = { labelled: 'l', unlabelled: 'u', test: 't' };
const task = builtIn.task(sentiment);
const numeric = builtIn.task({ type: 'numeric' });

function found(values: Record<string, unknown>, columns: object = {}, of = task) {
  return exampleOf(values, dataSpec.parse({ ...files, columns }), of, true);
}
/** The example of a record, without its id. */
function read(values: Record<string, unknown>, columns: object = {}, of = task): Partial<Example> {
  const { example, problem } = found(values, columns, of);
  assert.equal(problem, undefined);
  const { id, ...content } = example!;
  assert.equal(id, exampleId(content));
  return content;
}
const problem = (values: Record<string, unknown>, columns: object = {}) =>
  found(values, columns).problem;

const SYSTEM = { role: 'system', content: 'You judge texts.' };
const CONVERSATION = [
  SYSTEM,
  { role: 'user', content: 'fine' },
  { role: 'assistant', content: 'positive' },
  { role: 'user', content: 'and "awful"?' },
  { role: 'assistant', content: 'negative' },
];
const EXPECTED = {
  question: 'and "awful"?',
  answer: 'negative',
  before: CONVERSATION.slice(0, 3),
};

describe('A row that is a conversation', () => {
  it('asks with its last turn of the user, and keeps what stands before it', () => {
    assert.deepEqual(read({ messages: CONVERSATION }), EXPECTED);
    const turns = CONVERSATION.map(({ role, content }) => ({
      from: { system: 'system', user: 'human', assistant: 'gpt' }[role],
      value: content,
    }));
    assert.deepEqual(read({ conversations: turns }), EXPECTED);
    assert.deepEqual(read({ messages: CONVERSATION.slice(3) }), {
      question: 'and "awful"?',
      answer: 'negative',
    });
  });

  it('takes a column of the answer before the last turn', () => {
    assert.equal(read({ messages: CONVERSATION, answer: 'neutral' }).answer, 'neutral');
    assert.deepEqual(read({ messages: CONVERSATION.slice(0, 4), answer: 'negative' }), EXPECTED);
  });

  it('takes what one speaker says in a row for one turn', () => {
    const messages = [
      { role: 'developer', content: 'Judge.' },
      {
        role: 'user',
        content: [
          { type: 'text', text: 'Here it ' },
          { type: 'text', text: 'is:' },
        ],
      },
      { role: 'assistant', content: '' },
      { role: 'user', content: 'fine' },
      { role: 'assistant', content: 'positive' },
    ];
    assert.deepEqual(read({ messages }), {
      question: 'Here it is:\n\nfine',
      answer: 'positive',
      before: [{ role: 'system', content: 'Judge.' }],
    });
  });

  it('is refused where it is not one of words between user and assistant', () => {
    const [, asked] = CONVERSATION;
    const said = (...messages: object[]) => problem({ messages });
    assert.equal(said(SYSTEM), 'no turn of the user holds a text');
    assert.equal(said(asked!), 'no turn of the assistant holds an answer');
    assert.match(said(asked!, { role: 'tool', content: '5' })!, /^"messages": turn 2 is of "tool"/);
    const call = { role: 'assistant', content: null, tool_calls: [{ id: '1' }] };
    assert.match(said(asked!, call)!, /^"messages": turn 2 calls a tool/);
    const image = { role: 'user', content: [{ type: 'image_url', image_url: {} }] };
    assert.equal(said(image), '"messages": turn 1 holds more than text');
    assert.match(said({ role: 'constructor', content: 'x' })!, /is of "constructor"/);
  });

  it('has another id than its question alone, and than after another turn', () => {
    const ids = [
      found({ messages: CONVERSATION }),
      found({ messages: CONVERSATION.slice(1) }),
      found({ messages: CONVERSATION.slice(3) }),
      found({ question: EXPECTED.question, answer: 'negative' }),
    ].map(({ example }) => example!.id);
    assert.equal(new Set(ids).size, 3);
    assert.equal(ids[2], ids[3]);
  });

  it('becomes the training row it was, with the instruction after its system prompt', () => {
    const example = read({ messages: CONVERSATION }) as Example;
    const { messages } = task.trainingRow(example, example.answer!);
    assert.deepEqual(messages.slice(1), CONVERSATION.slice(1));
    assert.match(messages[0]!.content, /^You judge texts\.\n\nClassify/);
    const prompt = task.prompt(example, [example as Shot]);
    assert.deepEqual(prompt.slice(1), [...CONVERSATION.slice(1), ...CONVERSATION.slice(1, 4)]);
  });

  it('is found by all that the user asked, the latest first', () => {
    const example = read({ messages: CONVERSATION }) as Example;
    assert.equal(searchText(example), 'and "awful"?\nfine');
    assert.equal(searchText({ question: 'fine' }), 'fine');
  });
});

describe('A row with earlier turns in a column', () => {
  const row = { question: 'and "awful"?', answer: 'negative' };
  const [, asked, said] = CONVERSATION;

  it('has them as messages, as pairs, or as JSON of these', () => {
    for (const before of [
      [asked, said],
      [['fine', 'positive']],
      [{ question: 'fine', answer: 'positive' }],
    ])
      for (const given of [before, JSON.stringify(before)])
        assert.deepEqual(read({ ...row, before: given }).before, [asked, said]);
    assert.deepEqual(read({ ...row, history: [['fine', 'positive']] }, { before: 'history' }), {
      ...row,
      before: [asked, said],
    });
  });

  it('may have a system prompt of its own', () => {
    assert.deepEqual(read({ ...row, system: SYSTEM.content }).before, [SYSTEM]);
    assert.deepEqual(read({ ...row, system: SYSTEM.content, before: [[asked, said]].flat() }), {
      ...row,
      before: [SYSTEM, asked, said],
    });
    assert.equal(read({ ...row, system: ' ', before: '' }).before, undefined);
    assert.equal(read({ ...row, before: [] }).before, undefined);
  });

  it('says what is wrong with them', () => {
    assert.match(
      problem({ ...row, before: 'fine' })!,
      /^"before" is no list of turns: write it as/,
    );
    assert.match(problem({ ...row, before: ['fine'] })!, /^"before" turn 1 is no message/);
  });
});

describe('A row with a table', () => {
  const table = [
    ['', '2018', '2017'],
    ['net sales', 206588, '$ 181,001'],
    ['a|b', null],
  ];
  const MARKDOWN =
    '|  | 2018 | 2017 |\n| --- | --- | --- |\n| net sales | 206588 | $ 181,001 |\n| a\\|b |  |  |';
  const row = { question: 'what were net sales in 2018?', answer: '206,588' };
  const context = (values: object, columns: object = {}) =>
    read({ ...row, ...values }, columns, numeric).context;

  it('shows it in Markdown, as it stands among texts', () => {
    assert.equal(context({ context: table }), MARKDOWN);
    assert.equal(context({ context: JSON.stringify(table) }), MARKDOWN);
    assert.equal(
      context({ context: ['In millions:', table, 'See note 7.'] }),
      `In millions:\n\n${MARKDOWN}\n\nSee note 7.`,
    );
    assert.equal(
      context({ context: [{ year: 2018, sales: 5 }, { year: 2017 }] }),
      '| year | sales |\n| --- | --- |\n| 2018 | 5 |\n| 2017 |  |',
    );
  });

  it('reads the parts of ConvFinQA in their order', () => {
    const columns = { context: ['pre_text', 'table', 'post_text'] };
    const values = { pre_text: ['one .', 'two .'], table, post_text: [] };
    assert.equal(context(values, columns), `one .\ntwo .\n\n${MARKDOWN}`);
    const batch = { columns: ['question', 'answer', 'pre_text', 'table'], records: [] };
    const spec = dataSpec.parse({ ...files, columns });
    assert.throws(
      () => checkColumns(batch, 'f.json', 'labelled', spec, numeric),
      /no column "post_text"\. Set data\.columns\.context/,
    );
  });

  it('leaves a text that only begins with a bracket as it is', () => {
    for (const text of ['[1] According to the report …', '[', 'plain'])
      assert.equal(context({ context: text }), text);
  });
});
