import assert from 'node:assert/strict';
import fc from 'fast-check';
import { describe, it } from 'mocha';
import { builtIn, runSpec } from '../../../core/registry.ts';
import { extraction } from '../../../core/tasks/extraction.ts';
import type { Field, Fields } from '../../../core/tasks/fields.ts';
import type { JsonSchema } from '../../../core/types.ts';
import { example, itConforms, type Reading } from './conformance.ts';

const x = example({ question: 'ACME GmbH, 5 March 2024. 2 bolts at 3.50. Total 1,207.00' });
const line: Field = {
  type: 'object',
  properties: { name: { type: 'string' }, count: { type: 'integer' } },
};
const invoice: Fields = {
  type: 'object',
  properties: {
    vendor: { type: 'string', description: 'Who sends it.' },
    total: { type: 'number' },
    day: { type: 'string', format: 'date' },
    paid: { type: 'boolean' },
    status: { type: 'string', enum: ['open', 'in progress', 'done'] },
    tags: { type: 'array', items: { type: 'string' } },
    lines: { type: 'array', items: line },
    bank: { type: 'object', properties: { iban: { type: 'string' } } },
  },
  required: ['vendor', 'total'],
};
const task = builtIn.task({ type: 'extraction', schema: invoice });
const nothing = {
  ...{ vendor: null, total: null, day: null, paid: null, status: null },
  ...{ tags: [], lines: [], bank: null },
};
/** A canonical answer with these fields. */
const answer = (given: object) => JSON.stringify({ ...nothing, ...given });
const acme = answer({ vendor: 'ACME', total: 1207 });
const written = (given: object) =>
  task.canonical(JSON.stringify({ vendor: 'A', total: 1, ...given }), undefined);
const problem = (given: object) => {
  const read = written(given);
  return 'problem' in read ? read.problem : undefined;
};

const plain = '{"vendor": "ACME", "total": 1207}';
/** Texts that all say the same. */
const sayings = [
  plain,
  acme,
  ` \n${plain}\n`,
  `\`\`\`json\n${plain}\n\`\`\``,
  `Here's the object:\n\n\`\`\`\n${plain}\n\`\`\`\nThe day isn't given.`,
  `Sure! ${plain} Let me know if that's wrong.`,
  `**Answer:** ${plain}`,
  `The total is {big}.\nAnswer: ${plain}`,
  `[${plain}]`,
  `{"answer": ${plain}}`,
  '{\n  "vendor": "ACME", // who sends it\n  "total": 1207,\n}',
  "{'vendor': 'ACME', 'total': 1207, 'day': None, 'paid': null}",
  '{vendor: "ACME", total: 1,207.00}',
  '{"vendor": "ACME", "total": "1,207.00"}',
  '{"vendor": " ACME ", "total": "$1 207"}',
  '{"vendor": "ACME", "total": "1207.0 EUR", "day": "", "bank": {"iban": null}}',
  '{"vendor": "ACME", "total": 1207, "unknown": {"a": [1]}}',
  '{"total": 1207, "vendor": "ACME", "tags": null, "lines": [{"name": ""}]}',
  `{"vendor": "Acme Ltd", "total": 7}\nNo, that is another.\nAnswer: ${plain}`,
  `${plain}\nOnce more:\n${plain}`,
];
/** Texts with quotes, brackets and line breaks in a value, and that value. */
const odd: Reading[] = [
  ['{"vendor": "A \\"B\\" {C}"}', 'A "B" {C}'],
  ["{'vendor': 'A \"B\" }'}", 'A "B" }'],
  ["{'vendor': \"B's\"}", "B's"],
  ["{'vendor': 'B\\'s'}", "B's"],
  ['{"vendor": "A\nB"}', 'A B'],
  ['{"vendor": "None: 1,200, true"}', 'None: 1,200, true'],
  ["{'vendor': 'None: 1,200,}'}", 'None: 1,200,}'],
  ['{"vendor": "C:\\dir"}', 'C:\\dir'],
  ['{"vendor": "M\\u00fcller"}', 'Müller'],
  ['{"vendor": "Mu\u0308ller"}', 'Müller'],
  ['{"vendor": 17}', '17'],
];
const unreadable = [
  '',
  'I cannot help with that.',
  'vendor: ACME, total: 1207',
  '{"error": "There is no invoice."}',
  '{"type": "object", "properties": {"vendor": {"type": "string"}}}',
  '[]',
  'null',
  'Either {"vendor": "ACME"} or {"vendor": "Ajax"}',
  '[{"vendor": "ACME"}, {"vendor": "Ajax"}]',
  '{"vendor": "ACME", "total": 12',
  '{"vendor": "ACME", "bank": {"iban": "DE"}, ',
  '```json\n{"vendor": "ACM',
  '{"vendor": "ACME"}\nAnswer: {"vendor": "ACME", "total": 12',
  '{"vendor" "ACME"}',
];

/** A value by a schema, now and then another. */
const aValueOf = (schema: Field): fc.Arbitrary<unknown> => {
  const type = Array.isArray(schema.type) ? schema.type[0] : schema.type;
  const right = {
    string: () =>
      schema.format
        ? fc
            .date({
              noInvalidDate: true,
              min: new Date('1900-01-01'),
              max: new Date('2100-01-01'),
            })
            .map((day) => day.toISOString())
        : schema.enum
          ? fc.constantFrom(...schema.enum)
          : fc.string({ unit: 'grapheme' }),
    number: () => fc.double({ noNaN: true, noDefaultInfinity: true }),
    integer: () => fc.maxSafeInteger(),
    boolean: () => fc.boolean(),
    null: () => fc.constant(null),
    array: () => fc.array(aValueOf(schema.items!), { maxLength: 3 }),
    object: () =>
      fc.record(
        Object.fromEntries(
          Object.entries(schema.properties!).map(([key, of]) => [key, aValueOf(of)]),
        ),
        { requiredKeys: [] },
      ),
  }[type!]();
  return fc.oneof({ arbitrary: right, weight: 9 }, { arbitrary: fc.jsonValue(), weight: 1 });
};
const anAnswer = aValueOf(invoice)
  .map((value) => task.parse(JSON.stringify(value), x))
  .filter((one) => one !== null);

describe('extraction', () => {
  itConforms({
    kind: extraction,
    spec: { type: 'extraction', schema: invoice },
    x,
    cases: fc.record({ x: fc.constant(x), answers: fc.tuple(anAnswer, anAnswer, anAnswer) }),
    texts: [
      ...sayings.map((text): Reading => [text, acme]),
      ...odd.map(([text, vendor]): Reading => [text, answer({ vendor })]),
      ...unreadable.map((text): Reading => [text, null]),
      ['{}', answer({})],
    ],
    cut: [
      [plain, acme],
      [`${plain}\nThe day isn't giv`, acme],
      ['{"vendor": "ACME", "total": 12', null],
      ['```json\n{"vendor": "ACM', null],
      [`{"vendor": "Ajax"}\nNo:\nAnswer: {"vendor": "ACME", "total": 12`, null],
    ],
    cells: [
      [plain, acme],
      ['{"vendor": "ACME", "total": "1,207.00", "tags": null}', acme],
      ['{"vendor": "ACME"}', null],
      ['{"vendor": "ACME", "total": "much"}', null],
      ['ACME', null],
      ['[]', null],
      ['', null],
    ],
  });

  it('makes one value of all that mean the same, and leaves out what means none', () => {
    const cases: [field: string, given: unknown, value: unknown][] = [
      ['total', '-3', -3],
      ['total', '(12.50)', -12.5],
      ['total', '€ 1’200.5', 1200.5],
      ['total', '40 %', 40],
      ['total', '1.207,50 EUR', 1207.5],
      ['total', '1.2 million', 1200000],
      ['total', '12 of 20', null],
      ['total', 'twelve', null],
      ['total', '1.2.3', null],
      ['total', [1], null],
      ['day', '2024-03-05T10:00:00Z', '2024-03-05'],
      ['day', '5 March 2024', '2024-03-05'],
      ['day', 'Mar 5th, 2024', '2024-03-05'],
      ['day', '05-Mar-2024', '2024-03-05'],
      ['day', '5.3.2024', '2024-03-05'],
      ['day', '2024/3/5', '2024-03-05'],
      ['day', '25/03/2024', '2024-03-25'],
      ['day', '3/25/2024', '2024-03-25'],
      ['day', '05/03/2024', null],
      ['day', '2024-02-30', null],
      ['day', 'yesterday', null],
      ['paid', 'Yes', true],
      ['paid', 'FALSE', false],
      ['paid', 'maybe', null],
      ['status', 'In-Progress', 'in progress'],
      ['status', 'IN_PROGRESS', 'in progress'],
      ['status', 'closed', null],
      ['tags', 'urgent', ['urgent']],
      ['tags', ['a', null, '', 'b', 'a'], ['a', 'b', 'a']],
      [
        'lines',
        [{ count: '2' }, { name: 'bolt', count: 2.5 }],
        [
          { name: null, count: 2 },
          { name: 'bolt', count: null },
        ],
      ],
      ['vendor', { name: 'ACME' }, null],
      ['bank', 'DE02', null],
    ];
    for (const [field, given, value] of cases)
      assert.equal(
        task.parse(JSON.stringify({ [field]: given }), x),
        answer({ [field]: value }),
        JSON.stringify(given),
      );
  });

  it('takes gold answers of data files as they are, and says which field is wrong', () => {
    assert.deepEqual(written({}), { answer: answer({ vendor: 'A', total: 1 }) });
    assert.match(
      problem({ total: 'much' })!,
      /^of the answer, total must be a number, not "much"$/,
    );
    assert.match(
      String(Object.values(task.canonical('{"total": 1}', undefined))),
      /of the answer, vendor is missing: write null/,
    );
    assert.deepEqual(written({ vendor: '' }), { answer: answer({ total: 1 }) });
    assert.match(problem({ day: '05/03/2024' })!, /day must be a day, as YYYY-MM-DD/);
    assert.match(
      problem({ lines: [{}, { count: 'x' }] })!,
      /lines\[1\]\.count must be a whole number/,
    );
    assert.match(problem({ bank: 'DE' })!, /bank must be an object/);
    assert.match(problem({ status: 'closed' })!, /status must be one of open, in progress, done/);
    for (const raw of ['', 'ACME', '[]', '{"a": 1}', '{"vendor": "A"} {"vendor": "B"}'])
      assert.match(String(Object.values(task.canonical(raw, undefined))), /is not one JSON object/);
  });

  it('compares texts in any case, and lists in any order', () => {
    const one = answer({
      vendor: 'ACME',
      tags: ['a', 'b', 'b'],
      lines: [
        { name: 'x', count: 1 },
        { name: 'y', count: null },
      ],
    });
    const same = answer({
      vendor: 'Acme',
      tags: ['B', 'a', 'b'],
      lines: [
        { name: 'Y', count: null },
        { name: 'X', count: 1 },
      ],
    });
    assert.ok(task.equal(one, same));
    for (const other of [{ tags: ['a', 'b'] }, { lines: [{ name: 'x', count: 2 }] }, { total: 0 }])
      assert.ok(!task.equal(one, answer({ ...JSON.parse(one), ...other })));
  });

  it('grades by exact match, and by the share of the values that are right', () => {
    const gold = { ...x, answer: answer({ vendor: 'ACME', total: 5, tags: ['a', 'b'] }) };
    assert.deepEqual(
      task.metrics.map(({ name }) => name),
      ['exact match', 'field F1'],
    );
    const graded = (given: object | null) => task.grade(given && answer(given), gold);
    assert.deepEqual(graded({ vendor: 'acme', total: 5, tags: ['b', 'a'] }), [
      { got: 1, of: 1 },
      { got: 8, of: 8 },
    ]);
    assert.deepEqual(graded({ vendor: 'Ajax', total: 5, tags: ['a', 'a'] }), [
      { got: 0, of: 1 },
      { got: 4, of: 8 },
    ]);
    assert.deepEqual(graded({}), [
      { got: 0, of: 1 },
      { got: 0, of: 4 },
    ]);
    assert.deepEqual(graded(null), [
      { got: 0, of: 1 },
      { got: 0, of: 4 },
    ]);
    assert.deepEqual(task.grade(answer({}), { ...x, answer: answer({}) }), [
      { got: 1, of: 1 },
      { got: 0, of: 0 },
    ]);
  });

  it('has candidates chosen by letter, or written out', () => {
    const other = answer({ vendor: 'Other', total: 12 });
    const candidates = [acme, other];
    const shown = task.justify(x, candidates).at(-1)!.content;
    assert.ok(shown.includes(`\n- A. ${acme}\n- B. ${other}\n`));
    for (const text of ['12 is the sum.\nAnswer: B', 'B', `Not ${acme}.\nAnswer: B. ${other}`])
      assert.equal(task.chosen!(text, candidates, false), other, text);
    const written = `Answer: {"total": "1,207.00", "vendor": "acme"}`;
    assert.equal(task.chosen!(written, candidates, false), acme);
    for (const text of ['Answer: C', `${acme} or ${other}`, 'Answer: {"vendor": "Third"}'])
      assert.equal(task.chosen!(text, candidates, false), null, text);
  });

  it('asks for structured output by a schema that strict servers take', () => {
    const small: JsonSchema = {
      type: 'object',
      properties: {
        vendor: { type: 'string', description: 'Who.' },
        status: { type: 'string', enum: ['open'] },
        lines: {
          type: 'array',
          items: {
            type: 'object',
            properties: { day: { type: ['string', 'null'], format: 'date' } },
            required: ['day'],
          },
        },
      },
      required: ['vendor', 'lines'],
    };
    const { schema } = builtIn.task({ type: 'extraction', schema: small });
    assert.deepEqual(schema, {
      type: 'object',
      properties: {
        vendor: { type: 'string', description: 'Who.' },
        status: { type: ['string', 'null'], enum: ['open', null] },
        lines: {
          type: 'array',
          items: {
            type: 'object',
            properties: { day: { type: ['string', 'null'], format: 'date' } },
            required: ['day'],
            additionalProperties: false,
          },
        },
      },
      required: ['vendor', 'status', 'lines'],
      additionalProperties: false,
    });
  });

  it('refuses schemas by which values cannot be compared, with the place and the remedy', () => {
    const problems = (schema: object) =>
      runSpec
        .safeParse({
          name: 'run',
          task: { type: 'extraction', schema },
          data: { labelled: 'l.csv', unlabelled: 'u.csv', test: 't.csv' },
        })
        .error?.issues.map(({ path, message }) => `${path.join('.')}: ${message}`)
        .join('; ');
    const of = (total: object) => problems({ type: 'object', properties: { total } });
    assert.equal(problems(invoice), undefined);
    assert.match(
      of({ anyOf: [] })!,
      /task\.schema\.properties\.total\.anyOf: .*\[string, "null"\]/,
    );
    assert.match(of({ type: 'number', minimum: 0 })!, /total\.minimum: .*leave it out/);
    assert.match(of({ $ref: '#/x' })!, /total\.\$ref: .*write the schema out here/);
    assert.match(of({ type: 'array' })!, /total\.items: a list needs the schema of its items/);
    assert.match(of({ type: 'object' })!, /total\.properties: an object needs fields/);
    assert.match(
      of({ type: 'number', enum: ['1'] })!,
      /total\.enum: is for type string, not number/,
    );
    assert.match(of({ type: 'string', enum: ['a', 'A'] })!, /total\.enum\.1: "A" is there twice/);
    assert.match(problems({ type: 'string' })!, /task\.schema\.type: an answer is an object/);
    assert.match(
      problems({ ...invoice, required: ['vendor', 'totl'] })!,
      /task\.schema\.required\.1: there is no field "totl"/,
    );
  });

  describe('whatever the schema', () => {
    const name = fc
      .string({ unit: 'grapheme', minLength: 1, maxLength: 6 })
      .filter((one) => one !== '__proto__');
    const { field } = fc.letrec<{ field: Field }>((tie) => ({
      field: fc.oneof(
        { depthSize: 'small', withCrossShrink: true },
        fc.constantFrom<Field>(
          { type: 'string' },
          { type: 'number' },
          { type: 'integer' },
          { type: ['boolean', 'null'] },
          { type: 'string', format: 'date' },
          { type: 'string', enum: ['one', 'two three', 'Zwölf'] },
        ),
        tie('field').map((items): Field => ({ type: 'array', items })),
        fc
          .dictionary(name, tie('field'), { minKeys: 1, maxKeys: 4 })
          .map((properties): Field => ({ type: 'object', properties })),
      ),
    }));
    const schemas = fc
      .dictionary(name, field, { minKeys: 1, maxKeys: 4 })
      .map((properties) => ({ type: 'object' as const, properties }));
    const cases = schemas.chain((schema) =>
      fc.record({
        schema: fc.constant(schema),
        values: fc.tuple(aValueOf(schema), aValueOf(schema), aValueOf(schema)),
      }),
    );
    const withAnswers = (check: (own: typeof task, answers: string[]) => void) =>
      fc.assert(
        fc.property(cases, ({ schema, values }) => {
          const own = builtIn.task({ type: 'extraction', schema });
          const answers = values
            .map((value) => own.parse(JSON.stringify(value), x))
            .filter((one) => one !== null);
          check(own, answers);
        }),
        { numRuns: 200 },
      );

    it('a canonical answer is read as itself, in a fence and after a mark, too', () =>
      withAnswers((own, answers) => {
        for (const one of answers) {
          assert.deepEqual(own.canonical(one, undefined), { answer: one });
          for (const text of [
            own.target(one),
            `Here:\n\`\`\`json\n${one}\n\`\`\``,
            `So.\nAnswer: ${one}`,
          ])
            assert.equal(own.parse(text, x), one);
        }
      }));

    it('equality is an equivalence, and what is equal is graded alike', () =>
      withAnswers((own, answers) => {
        for (const a of answers) {
          assert.ok(own.equal(a, a));
          const [match, f1] = own.grade(a, { ...x, answer: a });
          assert.deepEqual([match!.got, f1!.got], [1, f1!.of]);
          for (const b of answers) {
            assert.equal(own.equal(a, b), own.equal(b, a));
            const [ab] = own.grade(a, { ...x, answer: b });
            assert.equal(ab!.got === 1, own.equal(a, b));
            for (const c of answers)
              if (own.equal(a, b) && own.equal(b, c)) assert.ok(own.equal(a, c));
          }
        }
      }));

    it('a part of an answer is no answer', () =>
      withAnswers((own, [one]) => {
        if (!one) return;
        for (let length = 0; length < one.length; length += 7)
          assert.equal(own.parse(one.slice(0, length), x, true), null);
      }));
  });
});
