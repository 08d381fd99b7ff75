import assert from 'node:assert/strict';
import fc from 'fast-check';
import { describe, it } from 'mocha';
import { builtIn } from '../../../core/registry.ts';
import { numeric as kind } from '../../../core/tasks/numeric.ts';
import { growth, LINEAR } from '../../support/growth.ts';
import { assertReads, cellOf, example, itConforms, type Reading } from './conformance.ts';

const numeric = (fields: object = {}) => builtIn.task({ type: 'numeric', ...fields });
/** Asserts what texts are read as by a task with these fields. */
function reads(readings: Record<string, string | null>, fields: object = {}): void {
  const task = numeric(fields);
  assertReads((text) => task.parse(text, example()), Object.entries(readings));
}

/** Canonical answers: decimals of any size, near each other as often as not. */
const answers = fc
  .oneof(
    fc.integer({ min: -2000, max: 2000 }).map((one) => one / 100),
    fc.integer({ min: 1_000, max: 1_030 }),
    fc.double({ noNaN: true, min: -1e15, max: 1e15 }),
  )
  .map((one) => cellOf(numeric(), String(one))!);

describe('numeric', () => {
  const x = example({ question: 'and what was it in 2019?' });
  const texts: Reading[] = [
    ['Answer: 12,500', '12500'],
    ['**Answer:** $12.5 million', '12500000'],
    ['The answer is approximately 12.5.', '12.5'],
    ['The answer is (12.5)', '-12.5'],
    ['Answer: about 5, up from 4', '5'],
    ['From 100 to 120, so it rose.\nAnswer: 0.2', '0.2'],
    ['It rose from 100 to 120. \\boxed{20\\%}', '0.2'],
    ['\\boxed{12{,}500}', '12500'],
    ['\\boxed{\\frac{3}{4}}', '0.75'],
    ['\\boxed{\\$1.2\\text{ million}}', '1200000'],
    ['The answer is \\(12.5\\).', '12.5'],
    ['120 - 100 = 20', '20'],
    ['Answer: 120 - 100 = 20', '20'],
    ['(120 - 100) / 100 = 0.2, or 20%', '0.2'],
    ['{"answer": 12.5}', '12.5'],
    ['{"answer": "$12.5 million"}', '12500000'],
    ['12.5\nThe margin is 3 of 24.', '12.5'],
    ['0.125 (12.5%)', '0.125'],
    ['12.5% (0.125)', '0.125'],
    ['The change is 206588 - 181001 = 25587; relative to 2017: 25587 / 181001 ≈ 14.1%', '0.141'],
    ['$$\\frac{25587}{181001} \\approx 0.1414$$', '0.1414'],
    ['The percentage change in net sales from 2017 to 2018 was 14.1%.', '0.141'],
    ['Step 1: 5 + 3 = 8. Step 2: 8 * 2 = 16. The result is 16.', '16'],
    ['In the 12-month period and in Q4’19 it was 5.', '5'],
    ['Approximately 14% of sales', '0.14'],
    ['-14.1% (a decrease)', '-0.141'],
    ['The loss was (5.2) million.', '-5200000'],
    ['12.5x', '12.5'],
    ['Answer: 25,587 (14.1%)', '25587'],
    ['Net sales rose by 25,587 (14.1%).', null],
    ['$1.2-1.5 million', null],
    ['3:1', null],
    ['Answer: N/A (2019)', null],
    ['½', null],
    ['', null],
    ['There is no such number.', null],
    ['5 or 6', null],
    ['5-7', null],
    ['5 to 7', null],
    ['between 5 and 7', null],
    ['from 100 to 120', null],
    ['Answer: 5 to 7', null],
    ['Answer: 2 + 3', null],
    ['1,2,3', null],
    ['1, 2 and 3', null],
    ['I cannot tell the value for 2019.', null],
    ['The text does not say what it was in 2019.', null],
    ['The margin is not provided for the 12 months.', null],
    ['not 5', null],
    ['Answer: <answer>', null],
    ['1e999', null],
    ['1/0', null],
  ];
  itConforms({
    kind,
    spec: { type: 'numeric' },
    x,
    cases: fc.record({ x: fc.constant(x), answers: fc.tuple(answers, answers, answers) }),
    texts,
    cut: [
      ['12', null],
      ['12.', null],
      ['Answer: 12', null],
      ['Answer: 12,', null],
      ['Answer: 12 mil', null],
      ['Answer: 12 million', null],
      ['\\boxed{12', null],
      ['Answer: 12.5%', '0.125'],
      ['Answer: 12.5\nThis fol', '12.5'],
      ['\\boxed{12.5} is wh', '12.5'],
      ['In 2019 it was 5.3 and then it', null],
      ['12.5. The margin', '12.5'],
    ],
    cells: [
      ['$ 1,234', '1234'],
      ['14.1%', '0.141'],
      ['206588', '206588'],
      ['12 units', '12'],
      ['-5.0', '-5'],
      ['', null],
      ['n/a', null],
      ['5 or 6', null],
      ['in 2019 it was 5.3', null],
      ['yes', null],
    ],
  });

  it('says what a cell of a data file is not', () => {
    assert.deepEqual(numeric().canonical('n/a', undefined), {
      problem: 'answer "n/a" is not a number',
    });
  });

  it('asks for the unit and the words there may be', () => {
    const fields = { unit: 'million dollars', words: ['yes', 'no'] };
    const [system] = numeric(fields).prompt(x, []);
    assert.equal(
      system!.content,
      'Answer the question with a number.\nGive the number in million dollars.\nWords that may be the answer: yes, no.\nAnswer with one number or word only.',
    );
  });
});

describe('a number read from a text', () => {
  it('is one in any way of writing it', () => {
    reads({
      '42': '42',
      '42.': '42',
      ' 42\n': '42',
      '-3.50': '-3.5',
      '−3': '-3',
      '–3': '-3',
      '+7': '7',
      '007': '7',
      '.5': '0.5',
      '1,234.5': '1234.5',
      '1,234': '1234',
      '1.234': '1.234',
      '1.234,5': '1234.5',
      '1.234.567': '1234567',
      '37,7': '37.7',
      '0,125': '0.125',
      '1 234,5': '1234.5',
      '1\u202F234\u202F567': '1234567',
      "1'234'567.25": '1234567.25',
      '12,34,567': '1234567',
      '123456789012345678901234567890': '123456789012345678901234567890',
      '0.1000000000000000000001': '0.1000000000000000000001',
      '1.2e5': '120000',
      '1.2E-3': '0.0012',
      '1.5 × 10^6': '1500000',
      '1.5 x 10⁻³': '0.0015',
      '3/4': '0.75',
      '-1/8': '-0.125',
      '-0.0': '0',
    });
  });

  it('has a sign, a currency, a share and a scale', () => {
    reads({
      '(1,234)': '-1234',
      '$(1,234)': '-1234',
      '($1,234.5) million': '-1234500000',
      'minus 5': '-5',
      'negative 5.5': '-5.5',
      '$5.3 million': '5300000',
      '-$5': '-5',
      '$-5': '-5',
      'US$ 5': '5',
      'EUR 37,7 mn': '37700000',
      '5.3 USD': '5.3',
      '£12k': '12000',
      '$5.3m': '5300000',
      '$5.3bn': '5300000000',
      '5.3M': '5300000',
      '5 m': '5',
      '5m': '5',
      '1.2×10^5m': '120000',
      '₹ 3 crore': '30000000',
      '2 hundred thousand': '200000',
      '5-million': '5000000',
      '14.1%': '0.141',
      '14.1 %': '0.141',
      '14.1 percent': '0.141',
      '-2.5 percentage points': '-0.025',
      '(2.5)%': '-0.025',
      '(2.5%)': '-0.025',
      '25 bps': '0.0025',
      '12 kg': '12',
      '3.5 m²': '3.5',
      '60 miles per hour': '60',
    });
  });

  it('is told from dates, years and what else has digits', () => {
    reads({
      '2019': '2019',
      'in 2019 it was 5.3': '5.3',
      'In 2019, revenue was $5.3 million, the highest since 2012.': '5300000',
      'It was founded in 2019.': '2019',
      'As of December 31, 2019, it was 5.3.': '5.3',
      'On 31 March 2019 there were 12.': '12',
      'Between 2018-2019 it rose by 4%.': '0.04',
      'On 2019-03-31, 17 were left.': '17',
      'On 3/31/2019 17 were left.': '17',
      'At 12:30 it was 17 degrees.': '17',
      'In Q3 FY2019, margins were 12.5%.': '0.125',
      'COVID-19 cost them 3 million.': '3000000',
      'Table 3 shows 17.': '17',
      'According to [1], it is 17.': '17',
      'In the 10-K they say 17.': '17',
      'The 3rd quarter had 17.': '17',
      '1. Look up the value.\n2. It is 17.5.': '17.5',
      '31 December 2019': null,
      'version 1.2.3': null,
    });
  });

  it('is given in a unit', () => {
    reads(
      { '14.1%': '14.1', '14.1': '14.1', '0.5 percent': '0.5', '(2)%': '-2', '25 bps': '0.25' },
      { unit: '%' },
    );
    reads(
      {
        '$5.3 million': '5.3',
        '5.3': '5.3',
        '2 billion': '2000',
        '$5,300 thousand': '5.3',
        '14.1%': '0.141',
      },
      { unit: 'million dollars' },
    );
    reads({ '$5.3 million': '5.3', '14.1%': '0.141' }, { scaleWords: 'ignore' });
  });

  it('may be a word instead', () => {
    const words = { words: ['yes', 'no'] };
    reads(
      {
        yes: 'yes',
        'No.': 'no',
        'Yes, since 5 is greater than 3.': 'yes',
        'Answer: no': 'no',
        '5 is greater than 3, so the answer is yes': 'yes',
        '12.5': '12.5',
        'yes or no': null,
      },
      words,
    );
    const task = numeric(words);
    assert.deepEqual(task.canonical('YES', undefined), { answer: 'yes' });
    assert.equal(task.equal('yes', 'no'), false);
    assert.equal(task.equal('0', 'no'), false);
    assert.deepEqual(task.grade('yes', example({ answer: 'yes' })), [{ got: 1, of: 1 }]);
    assert.deepEqual(task.grade('1', example({ answer: 'yes' })), [{ got: 0, of: 1 }]);
  });

  it('in a time that grows with its length', () => {
    const task = numeric({ words: ['yes', 'no'] });
    const units = [
      '1,234,',
      '1 ',
      '12 million ',
      '$',
      '= 5 ',
      '(1',
      '\\(1',
      '1.',
      '1/2/',
      'aa',
      '- ',
      ' ',
    ];
    for (const unit of units) {
      const grown = growth((size) => {
        const text = unit.repeat(size / unit.length);
        for (const isCut of [false, true]) task.parse(text, example(), isCut);
      }, 600);
      assert.ok(grown < LINEAR, `${JSON.stringify(unit)}: ${grown}`);
    }
  });

  it('comes back from any way of writing it', () => {
    const task = numeric();
    const number = fc
      .tuple(fc.bigInt({ min: 0n, max: 10n ** 18n }), fc.integer({ min: 0, max: 6 }), fc.boolean())
      .map(([digits, places, isNegative]) => {
        const text = String(digits).padStart(places + 1, '0');
        const whole = text.slice(0, text.length - places);
        const fraction = text.slice(text.length - places).replace(/0+$/, '');
        const isZero = digits === 0n;
        return { whole, fraction, sign: isNegative && !isZero ? '-' : '' };
      });
    const grouped = (whole: string, gap: string) => whole.replace(/\B(?=(?:\d{3})+$)/g, gap);
    fc.assert(
      fc.property(number, ({ whole, fraction, sign }) => {
        const plain = `${sign}${whole}${fraction && `.${fraction}`}`;
        const said = [
          plain,
          `${sign}${grouped(whole, ',')}${fraction && `.${fraction}`}`,
          `${sign}${grouped(whole, '\u202F')}${fraction && `,${fraction}`}`,
          `${sign.replace('-', '−')}$${grouped(whole, "'")}${fraction && `.${fraction}`}`,
          ...(sign ? [`(${plain.slice(1)})`, `minus ${plain.slice(1)}`] : []),
        ];
        for (const text of said) assert.equal(task.parse(text, example()), plain, text);
        const more = task.parse(`${plain} billion`, example())!;
        assert.equal(task.parse(`${more}e-9`, example()), plain);
        assert.equal(task.parse(`${more}e-7%`, example()), plain);
        assert.equal(task.parse(task.target(plain), example()), plain);
        assert.deepEqual(task.canonical(plain, undefined), { answer: plain });
      }),
    );
  });
});

describe('answers that are numbers', () => {
  it('are right within the tolerance, as math.isclose has it', () => {
    const right = (said: string, gold: string, tolerance?: object) =>
      numeric({ tolerance }).grade(said, example({ answer: gold }))[0]!.got === 1;
    assert.ok(right('101', '100'));
    assert.ok(right('99', '100'));
    assert.ok(!right('102', '100'));
    assert.ok(!right('-100', '100'));
    assert.ok(!right('0.001', '0'));
    assert.ok(right('0.001', '0', { absolute: 0.01 }));
    assert.ok(!right('101', '100', { relative: 0 }));
    assert.ok(right('100', '100', { relative: 0 }));
    assert.ok(right('101', '100', { relative: 0, absolute: 1 }));
    assert.deepEqual(numeric().grade(null, example({ answer: '1' })), [{ got: 0, of: 1 }]);
  });

  it('agree where they lie in one cell, which is within the tolerance', () => {
    const { equal } = numeric();
    assert.ok(equal('0.1412', '0.14136'));
    assert.ok(equal('999.6', '1001'));
    assert.ok(!equal('0.14', '0.1414'));
    assert.ok(!numeric({ tolerance: { relative: 0 } }).equal('0.1412', '0.1413'));
    const share = fc.constantFrom(0, 0.001, 0.01, 0.05, 0.5);
    fc.assert(
      fc.property(share, share, answers, answers, answers, (relative, absolute, a, b, c) => {
        const task = numeric({ tolerance: { relative, absolute } });
        const near = numeric({ tolerance: { relative: relative * (1 + 1e-9), absolute } });
        assert.ok(task.equal(a, a));
        assert.equal(task.equal(a, b), task.equal(b, a));
        if (task.equal(a, b) && task.equal(b, c)) assert.ok(task.equal(a, c));
        if (task.equal(a, b))
          assert.equal(near.grade(a, example({ answer: b }))[0]!.got, 1, `${a} ${b}`);
        assert.equal(task.grade(a, example({ answer: a }))[0]!.got, 1);
      }),
      { numRuns: 500 },
    );
  });
});
