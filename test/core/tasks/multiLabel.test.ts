import assert from 'node:assert/strict';
import fc from 'fast-check';
import { describe, it } from 'mocha';
import { multiLabel } from '../../../core/tasks/multiLabel.ts';
import { fold } from '../../../core/text.ts';
import { assertReads, cellOf, example, itConforms } from './conformance.ts';

describe('multi-label', () => {
  const labels = ['sport', 'politics', 'foreign politics', 'R&D', 'Health'];
  const spec = { type: 'multi-label', instruction: 'Tag the news.', labels } as const;
  const taskOf = (given: object) => multiLabel.create(multiLabel.spec.parse({ ...spec, ...given }));
  const task = taskOf({});
  const setOf = (...words: string[]) => JSON.stringify(words);
  const answer = fc
    .subarray(labels)
    .map((some) => JSON.stringify(labels.filter((label) => some.includes(label))));
  const [none, sport, both, three] = [
    setOf(),
    setOf('sport'),
    setOf('sport', 'politics'),
    setOf('sport', 'foreign politics', 'Health'),
  ];

  itConforms({
    kind: multiLabel,
    spec: { ...spec, labels },
    x: example(),
    cases: fc.record({ x: fc.constant(example()), answers: fc.tuple(answer, answer, answer) }),
    texts: [
      ['sport', sport],
      ['Sport.', sport],
      ['sport, politics', both],
      ['politics, sport', both],
      ['Politics and sport', both],
      ['sport; politics', both],
      ['sport | politics', both],
      ['"sport", "politics"', both],
      ['sport, foreign politics, and health', three],
      ['foreign-politics', setOf('foreign politics')],
      ['R&D and health', setOf('R&D', 'Health')],
      ['- sport\n- politics', both],
      ['* Sport\n* Health\n* Foreign Politics', three],
      ['1. sport\n2. politics\n', both],
      ['["sport", "politics"]', both],
      ["['politics', 'sport']", both],
      ['```json\n["sport","politics"]\n```', both],
      ['["sport"]\n\nThe text tells of a match.', sport],
      ['{"labels": ["politics", "sport"]}', both],
      ['{"answer": "sport, politics"}', both],
      ['{"sport": true, "politics": true, "Health": false}', both],
      ['Labels: sport, politics', both],
      ['**Labels:** sport, politics', both],
      ['Labels:\n- sport\n- politics', both],
      ['The labels that apply are:\n\n1. **Sport**\n2. **Politics**', both],
      ['The labels are sport and politics.', both],
      ['Health is only named in passing.\nAnswer: sport, politics', both],
      ['Answer: sport, health? No.\nAnswer: sport, politics', both],
      ['Answer: politics and sport\nI hope this answer helps.', both],
      ['<answer>sport, politics</answer>', both],
      ['$\\boxed{\\text{sport, politics}}$', both],
      ['- Sport: a match is told of.\n- Politics: the minister was there.', both],
      ['sport: a match\npolitics: a minister', both],
      ['sport: yes\nhealth: no\n- **Politics**: Yes.', both],
      ['sport: no\nhealth: no', none],
      ['sport, politics\nThe text tells of a match, and of a minister.', both],
      ['sport, politics (the minister was there)', both],
      ['Sport, since a match is told of', sport],
      ['The text is about sport and politics.', both],
      ['It is about sport, but not politics.', sport],
      ['none', none],
      ['None.', none],
      ['[]', none],
      ['Answer: none', none],
      ['None of the labels apply.', none],
      ['No label applies. The text is a recipe.', none],
      ['{"labels": []}', none],
      ['sport or politics', null],
      ['Sport? Politics?', null],
      ['Answer: sport or politics', null],
      ['Sport: a match is told of.\nThere may be some politics in it.', null],
      ['sports', null],
      ['music', null],
      ['["sport", "music"]', null],
      ['sport, music', null],
      ['- sport\n- music', null],
      ['{"sport": "a match", "politics": "a minister"}', null],
      ['A match of sport.\nPolitics is in the second line.\nAnd the third.', null],
      ['Not politics.', null],
    ],
    cut: [
      ['sport', null],
      ['sport, politics', null],
      ['sport, politics\n', null],
      ['sport, politics\nThe text te', both],
      ['sport,\npoli', null],
      ['- sport\n- poli', null],
      ['- sport\n-', null],
      ['Labels: sport\n\nThe', sport],
      ['Labels: sport\nOr rather, labels: ', null],
      ['["sport", "politics"] as the te', both],
      ['["sport", "politics"', null],
      ['The text is about sport, since', null],
      ['none', null],
      ['none\nThe text', none],
    ],
    cells: [
      ['sport', sport],
      ['Politics; SPORT', both],
      ['sport|politics', both],
      ['sport, politics, sport', both],
      ['["politics", "sport"]', both],
      ["['sport', 'politics']", both],
      ['sport/politics', both],
      ['Foreign_politics', setOf('foreign politics')],
      ['[]', none],
      ['none', none],
      ['sport, music', null],
      ['sport or politics', null],
      ['music', null],
      ['Labels: sport', null],
      ['', null],
    ],
  });

  it('reads its own target and its data, whatever the labels', () => {
    const word = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 12 });
    const some = fc.array(fc.constantFrom('or', 'and', 'none', 'a,', 'b;', '1.', '-', 'x'), {
      ...{ minLength: 1, maxLength: 3 },
    });
    const label = fc.oneof(
      word,
      some.map((words) => words.join(' ')),
    );
    const given = fc
      .uniqueArray(label, { minLength: 2, maxLength: 6, selector: fold })
      .map((all) => ({ ...spec, labels: all }))
      .filter((one) => multiLabel.spec.safeParse(one).success);
    fc.assert(
      fc.property(given, fc.nat(), (one, which) => {
        const { labels: words } = multiLabel.spec.parse(one);
        const set = JSON.stringify(words.filter((_, index) => (which >> index) & 1));
        const any = taskOf({ labels: words });
        assert.equal(any.parse(any.target(set), example()), set);
        assert.equal(cellOf(any, any.target(set)), set);
        assert.equal(cellOf(any, set), set);
      }),
    );
  });

  it('finds the longest of labels that hold commas, and parts those by another sign', () => {
    const places = taskOf({ labels: ['Paris', 'Paris, Texas', 'Texas'] });
    assertReads(
      (text) => places.parse(text, example()),
      [
        ['Paris, Texas', setOf('Paris, Texas')],
        ['Paris; Texas', setOf('Paris', 'Texas')],
        ['Texas, Paris, Texas', setOf('Paris, Texas', 'Texas')],
      ],
    );
    assert.equal(places.target(setOf('Paris', 'Texas')), 'Paris; Texas');
    assert.match(places.prompt(example(), [])[0]!.content, /^Labels: Paris; Paris, Texas; Texas$/m);
  });

  it('has answers in the order of the spec, and says them as lists', () => {
    assert.equal(task.target(both), 'sport, politics');
    assert.equal(task.target(none), 'none');
    assert.match(
      task.prompt(example(), [])[0]!.content,
      /^Answer with all labels that apply, separated by commas, or "none" only\.$/m,
    );
    assert.match(
      task.justify(example(), [both, none]).at(-1)!.content,
      /\n- sport, politics\n- none\n/,
    );
  });

  it('takes no more labels than the spec has it', () => {
    const two = taskOf({ most: 2 });
    assert.equal(two.parse('sport, politics', example()), both);
    assert.equal(two.parse('sport, politics, health', example()), null);
    assert.deepEqual(two.canonical('sport, politics, health', undefined), {
      problem: 'answer "sport, politics, health" has 3 labels; task.most is 2',
    });
    assert.match(two.prompt(example(), [])[0]!.content, /at most 2 labels/);
  });

  it('says what is wrong with a cell', () => {
    assert.deepEqual(task.canonical('sport, music', undefined), {
      problem: `answer "sport, music" is no list of the labels: ${labels.join(', ')}`,
    });
  });

  it('grades the set, and its labels', () => {
    const gold = { ...example(), answer: three };
    const parts = (parsed: string | null) =>
      task.grade(parsed, gold).map(({ got, of }) => [got, of]);
    assert.deepEqual(parts(three), [
      [1, 1],
      [6, 6],
    ]);
    assert.deepEqual(parts(both), [
      [0, 1],
      [2, 5],
    ]);
    assert.deepEqual(parts(none), [
      [0, 1],
      [0, 3],
    ]);
    assert.deepEqual(parts(null), parts(none));
    assert.deepEqual(task.grade(none, { ...example(), answer: none }), [
      { got: 1, of: 1 },
      { got: 0, of: 0 },
    ]);
  });

  it('counts each label of an answer as a class, and none as one', () => {
    assert.deepEqual(task.classesOf!(both), ['sport', 'politics']);
    assert.deepEqual(task.classesOf!(none), ['none']);
  });

  it('refuses labels that cannot be told apart in a list', () => {
    const problem = (...given: string[]) =>
      multiLabel.spec.safeParse({ ...spec, labels: given }).error?.issues[0]?.message;
    assert.match(problem('sport', 'None')!, /"None" is what answers say where no label applies/);
    assert.match(problem('sport', 'Sport')!, /another spelling of "sport"/);
    assert.match(problem('a, b', 'c; d', 'e | f')!, /leave one of these/);
    assert.equal(problem('a, b', 'c; d'), undefined);
  });
});
