import assert from 'node:assert/strict';
import { stripVTControlCharacters } from 'node:util';
import fc from 'fast-check';
import { describe, it } from 'mocha';
import { terminal } from '../../cli/terminal.ts';
import type { GateReport } from '../../core/gate/gateReport.ts';
import { auditSections } from '../../core/report/audit.ts';
import { dataSection } from '../../core/report/data.ts';
import { droppedSections } from '../../core/report/dropped.ts';
import {
  amount,
  count,
  duration,
  estimate,
  level,
  moment,
  money,
  oneLine,
  percent,
  perTime,
} from '../../core/report/format.ts';
import { latestSections, summaryOf } from '../../core/report/latest.ts';
import { markdown } from '../../core/report/markdown.ts';
import { billLine, roundSections } from '../../core/report/round.ts';
import { tableOf } from '../../core/report/section.ts';
import type { MetricReport, RoundReport } from '../../core/roundReport.ts';
import { wilson } from '../../core/statistics.ts';
import { NO_USAGE } from '../../core/usage.ts';

const used = {
  ...{ ...NO_USAGE, phase: 'collaborate', endpoint: 'gpu', model: 'tiny' },
  ...{ transport: 'direct' as const, cost: null },
  ...{ requests: 1200, promptTokens: 34_000, completionTokens: 1200 },
};

const tally = { stage: 'collaborate', collaborator: 'nearest', answers: 40 } as const;

const report: RoundReport = {
  ...{ run: 'fpb', round: 2, dataset: 'd', task: 'classification', model: 'tiny', seed: 7 },
  examples: { labelled: 40, unlabelled: 3000, test: 300 },
  confidence: 0.95,
  metrics: [
    {
      name: 'accuracy',
      values: {
        base: wilson(90, 300),
        sft: { epochs: wilson(150, 300), steps: wilson(160, 300) },
        semievol: wilson(240, 300),
      },
      comparison: { test: 'mcnemar', firstOnly: 90, secondOnly: 10, pValue: 0.000123 },
    },
  ],
  sftBaseline: 'steps',
  resolution: { way: 'probability', reason: '40 labelled examples are too few' },
  pseudoLabels: {
    ...{ all: wilson(0, 0), selected: wilson(0, 0), count: 1500, agreement: 0.5, withoutScore: 0 },
    ...{
      choice: { score: 'entropy', fitted: null, reason: 'the spec names it' },
      threshold: { cutoff: 0.12345 },
      rule: 'paper 50 (entropy up to 0.1235)',
      entropyOf: 'answers',
    },
    steps: {
      ...{ asked: 3000, kept: 1500, nearDuplicates: 0, by: 'rule', short: 0, balance: 'none' },
      keptRows: 0,
      rows: 1500,
    },
    classes: { selected: 2, known: 2, missing: [], counts: [] },
  },
  answers: [
    { ...tally, unread: 10, cut: 4, withoutEntropy: 0, givenUp: 1, away: 10 },
    {
      ...{ ...tally, stage: 'cross-fit', answers: 20 },
      ...{ unread: 0, cut: 0, withoutEntropy: 0, givenUp: 0, away: 0 },
    },
  ],
  withoutVector: 0,
  promoted: true,
  models: { warmUp: 'tiny:warm', sft: 'tiny:warm', semievol: 'tiny:new', champion: 'tiny:new' },
  seconds: { embed: 0.4, propagate: 125 },
  usage: [used, { ...used, model: 'large' }],
  bill: { cost: null, unpriced: [{ endpoint: 'gpu', model: 'tiny', tokens: ['input', 'output'] }] },
};

const { pseudoLabels } = report;

describe('a report', () => {
  const cells = (text: string) => text.replaceAll('│', '|').replaceAll(/ +/g, ' ');
  /** The same facts in both. */
  const assertShown = (rendered: string) => {
    const text = cells(rendered);
    for (const fact of [
      'fpb, round 2',
      '3,000 unlabelled',
      '| base | 30.0 % (25.1 to 35.4 %, 90/300) |',
      '| SFT, equal epochs | 50.0 %',
      '| SFT, equal steps | 53.3 %',
      '| SemiEvol | 80.0 %',
      'SFT (equal steps, the better one) alone on 10: p = 0.00012',
      '| selected | – |',
      'agreed on 50.0 %. Rule paper 50 (entropy up to 0.1235) selected 1,500 pseudo-labels.',
      '| nearest | 40 | 25.0 % | 10.0 % | – | 2.5 % | 20.0 % |',
      'nearest was away for too long for 10 of 50 answers: the other collaborators went on without it.',
      '| propagate | 2 min 5 s |',
      '| collaborate, tiny | 1,200 | 34,000 | – | 1,200 | – |',
      '| collaborate, large | 1,200 |',
      '| all | 2,400 | 68,000 |',
      'The champion is the new model, tiny:new.',
      'By probability: 40 labelled examples are too few.',
      '| cross-fit, nearest | 20 |',
      'Unpriced: tiny at gpu (input, output); prices',
    ])
      assert.ok(text.includes(fact), `${fact} is missing in\n${text}`);
  };

  it('says the same as Markdown and in the terminal', () => {
    const sections = roundSections(report);
    assertShown(markdown(sections));
    assertShown(stripVTControlCharacters(terminal(sections)));
  });

  it('has a section for each metric, the pseudo-labels by the first', () => {
    const f1 = { value: 0.6, low: 0.55, high: 0.66, got: 60.25, of: 100 };
    const text = markdown(
      roundSections({
        ...report,
        metrics: [
          {
            name: 'token F1',
            values: { base: f1, sft: { epochs: f1, steps: f1 }, semievol: f1 },
            comparison: { test: 'bootstrap', resamples: 10_000, pValue: 0.0213 },
          },
          ...report.metrics,
        ],
      }),
    );
    assert.match(text, /^## Token F1 on the test split$/m);
    assert.match(text, /^\| SemiEvol \| 60\.0 % \(55\.0 to 66\.0 %, 60\.3\/100\) \|$/m);
    assert.match(
      text,
      /SFT \(equal steps, the better one\): p = 0\.021 by a paired bootstrap of 10,000 resamples\.$/m,
    );
    assert.match(text, /^## Accuracy on the test split$/m);
    assert.match(text, /^\| pseudo-labels \| token F1 \(95 % interval\) \|$/m);
  });

  it('says why the champion is another, or the same, and what each class and category came to', () => {
    const test = { test: 'mcnemar', firstOnly: 9, secondOnly: 1, pValue: 0.0215 } as const;
    const gate: GateReport = {
      ...{ champion: 'tiny:old', verdict: 'keep', tooFew: { class: 3, category: 1 } },
      challenger: { role: 'sft', model: 'tiny:warm' },
      tests: [
        { against: 'champion', model: 'tiny:old', gain: 0.04, comparison: test, examples: 200 },
      ],
      vetoes: [
        { of: 'class', label: 'refund', loss: 0.125, examples: 16 },
        { of: 'category', label: 'Law | Tax', loss: 0.06, examples: 50 },
      ],
      reason: 'the class "refund" loses 12.5 %, more than gate.veto.maximumLoss',
    };
    const values = { vanilla: 0.5, champion: 0.75, sft: null, semievol: 0.625 };
    const byClass = {
      listed: [{ label: 'refund', examples: 16, values }],
      others: { groups: 1, examples: 3 },
    };
    const byCategory = {
      listed: [{ label: 'Law | Tax', examples: 1_050, values }],
      others: { groups: 12, examples: 40 },
      without: 7,
    };
    const models = { ...report.models, champion: 'tiny:old' };
    const [accuracy] = report.metrics as [MetricReport];
    const metrics = [{ ...accuracy, values: { ...accuracy.values, champion: wilson(180, 300) } }];
    const shown = (more: Partial<RoundReport>) =>
      markdown(roundSections({ ...report, gate, byClass, byCategory, models, metrics, ...more }));
    const text = shown({ promoted: false });
    for (const fact of [
      'The champion is still that of before, tiny:old.',
      '| champion | 60.0 % (',
      'The challenger is the SFT model of equal epochs, tiny:warm. It does not take the place of the champion, tiny:old: the class "refund" loses 12.5 %, more than gate.veto.maximumLoss.',
      '| the champion | 4.0 % | 0.021 | 200 |',
      '| class | refund | 12.5 % | 16 |',
      '| category | Law \\| Tax | 6.0 % | 50 |',
      '3 classes with too few test examples for a veto (gate.veto.leastRows).',
      '1 category with too few test examples for a veto (gate.veto.leastRows).',
      '| class | test examples | base | champion | SFT, equal epochs | SemiEvol |',
      '| refund | 16 | 50.0 % | 75.0 % | – | 62.5 % |',
      '## Accuracy by category',
      '| category | test examples | base | champion | SFT, equal epochs | SemiEvol |',
      '| Law \\| Tax | 1,050 | 50.0 % | 75.0 % | – | 62.5 % |',
      'Not listed: 12 smaller categories, with 40 test examples.',
      'Not listed: 1 smaller class, with 3 test examples.',
      'Of no category: 7 test examples.',
    ])
      assert.ok(text.includes(fact), `${fact} is missing in\n${text}`);
    const promoted: GateReport = {
      ...gate,
      verdict: 'promote',
      vetoes: [],
      tooFew: { class: 0, category: 0 },
    };
    const crowned = shown({
      ...{ promoted: true, gate: promoted },
      models: { ...models, champion: 'tiny:warm' },
    });
    assert.match(crowned, /^The champion is the SFT model of equal epochs, tiny:warm\.$/m);
    assert.match(crowned, /It is to take the place of the champion/);
    assert.doesNotMatch(crowned, /vetoed|veto\.leastRows/);
    const first = shown({ promoted: false, models: { ...models, champion: 'tiny' } });
    assert.match(first, /^The champion is still the base model, tiny\.$/m);
  });

  it('shows how the ways to resolve disagreement compare, and which was taken', () => {
    const values = {
      justify: wilson(80, 120),
      probability: wilson(90, 120),
      vote: wilson(85, 120),
    };
    const compared = { rows: 120, disagreed: 35, values };
    const text = markdown(
      roundSections({ ...report, resolution: { way: 'probability', compared } }),
    );
    assert.match(text, /^## How disagreement was resolved$/m);
    assert.match(text, /^\| way \| right \(95 % interval\) \|$/m);
    assert.match(text, /^\| probability \| 75\.0 % \(66\.6 to 81\.9 %, 90\/120\) \|$/m);
    assert.match(text, /^By probability, the best of the three on 120 labelled examples/m);
    assert.match(text, /disagreed on 35 of them\.$/m);
  });

  it('tells of votes, names the classes that are missing, and counts what had no neighbours', () => {
    const classes = { selected: 2, known: 13, missing: ['a', 'b'], counts: [] };
    const text = markdown(
      roundSections({
        ...report,
        pseudoLabels: { ...pseudoLabels, entropyOf: 'votes', withoutScore: 12, classes },
        withoutVector: 3,
      }),
    );
    assert.match(text, /^No answer carries log-probabilities: the entropy of votes was taken\.$/m);
    assert.match(text, /^12 pseudo-labels have no score, since no answer behind them/m);
    assert.match(text, /^Nothing is selected of a, b and 9 more \(2 of 13 classes\)\.$/m);
    assert.match(text, /^The embedding model would not take 3 examples/m);
  });

  describe('of what is selected', () => {
    const with_ = (more: Partial<RoundReport['pseudoLabels']>) =>
      markdown(roundSections({ ...report, pseudoLabels: { ...pseudoLabels, ...more } }));
    const { steps } = pseudoLabels;

    it('names the rule, and how many it selected', () => {
      assert.match(with_({}), /Rule paper 50 \(.*\) selected 1,500 pseudo-labels\.$/m);
    });

    it('tells what was asked, kept, left out and repeated', () => {
      const text = with_({
        count: 900,
        steps: { ...steps, asked: 2000, nearDuplicates: 100, rows: 1800 },
      });
      assert.match(text, /Only the first 2,000 unlabelled examples were asked about/);
      assert.match(text, /kept 1,500 pseudo-labels\. Left out are 100 near duplicates of surer/);
      assert.match(text, /Left out are 500 for selection\.balance or atMost\./);
      assert.match(text, /Selected are 900\. They stand in 1,800 rows of the training file/);
    });

    it('tells that the rule was loosened, or did not count', () => {
      const loosened = with_({ count: 1600, steps: { ...steps, by: 'atLeast', rows: 1600 } });
      assert.match(loosened, /It was loosened to the next surest \(selection\.atLeast\)\./);
      assert.match(loosened, /Selected are 1,600\.$/m);
      const short = { ...steps, by: 'atLeast', rows: 1600, short: 400 } as const;
      assert.match(
        with_({ count: 1600, steps: short }),
        /Selected are 1,600\. That is 400 fewer than selection\.atLeast wants: there are no others to select\.$/m,
      );
      const exactly = with_({ count: 10, steps: { ...steps, by: 'exactly', rows: 10 } });
      assert.match(exactly, /Selected are the surest, whatever it kept .* Selected are 10\.$/m);
      assert.doesNotMatch(exactly, /Left out/);
    });

    it('says how far the classes lie from the labelled, and what chance may do', () => {
      const { classes } = pseudoLabels;
      const distance = { distance: 0.125, byChance: 0.2 };
      const text = with_({ classes: { ...classes, distance } });
      assert.match(text, /selected lie 12\.5 % from those of .* by chance it is up to 20\.0 %\.$/m);
      assert.doesNotMatch(with_({}), /by chance/);
    });

    it('counts by class, and names what is lopsided', () => {
      const count = (label: string, labelled: number, selected: number) => ({
        ...{ label, labelled, given: 100, kept: 60, selected },
      });
      const counts = [count('a', 20, 30), count('b', 10, 7), count('c', 10, 4), count('d', 0, 2)];
      const classes = { selected: 4, known: 4, missing: [], counts };
      const text = with_({ count: 43, classes });
      assert.match(text, /^\| a +\| +20 \| +50\.0 % \| +100 \| +60 \| +30 \| +69\.8 % \|$/m);
      assert.match(
        text,
        /^Lopsided, by the shares of the labelled examples: 4 of c instead of 11\. selection\.perClass and balance even it out\.$/m,
      );
      const even = with_({ count: 40, classes: { ...classes, counts: [count('a', 40, 40)] } });
      assert.doesNotMatch(even, /Lopsided/);
      const wanted = with_({ count: 43, classes, steps: { ...steps, balance: 'shares' } });
      assert.doesNotMatch(wanted, /Lopsided/);
      const capped = with_({ count: 43, classes, steps: { ...steps, balance: 'cap' } });
      assert.match(capped, /4 of c instead of 11\.$/m);
    });
  });

  it('lists the gold answers in doubt by their places, and says where nobody had a word', () => {
    const [none] = auditSections({ ...report, audit: { heard: 0, suspects: 0, worst: [] } });
    assert.match(String(none!.blocks[0]), /anything to say/);
    const worst = [{ ordinal: 7, votes: 3, collaborators: 4, against: 0.75, for: 0.25 }];
    const text = markdown(auditSections({ ...report, audit: { heard: 40, suspects: 1, worst } }));
    assert.match(text, /Of 1 of 40 labelled rows/);
    assert.match(text, /"semievol review fpb"/);
    assert.match(text, /\| +7 \| 3 of 4 +\| +75(\.0)? % \| +25(\.0)? % \|/);
    assert.deepEqual(auditSections(report), []);
  });

  it('tells how far the judge can be trusted, and that it may be partial', () => {
    const judge = {
      ...{ endpoint: 'cloud', model: 'wise', isPartial: false },
      ...{ gold: wilson(48, 50), others: wilson(49, 50) },
    };
    const shown = (more: object) =>
      markdown(roundSections({ ...report, judge: { ...judge, ...more } }));
    const text = shown({});
    assert.match(text, /wise at cloud .* right in 48 of 50, .* wrong in 49 of 50\./);
    assert.match(text, /the judge is asked about the examples that grade models only/);
    assert.doesNotMatch(text, /favour/);
    assert.match(shown({ isPartial: true }), /it may favour itself/);
    assert.doesNotMatch(markdown(roundSections(report)), /judge/i);
  });

  it('comes down to a few figures that a run carries along', () => {
    const distance = { distance: 0.125, byChance: 0.2 };
    const classes = { ...pseudoLabels.classes, distance };
    const values = { base: 0.3, sft: 160 / 300, semievol: 0.8 };
    assert.deepEqual(summaryOf({ ...report, pseudoLabels: { ...pseudoLabels, classes } }), {
      ...{ round: 2, metric: 'accuracy', values, selected: 1500 },
      ...{ promoted: true, champion: 'tiny:new', drift: { classes: distance } },
    });
  });

  it('has a row for each of the rounds that ended last, or no section', () => {
    const values = { base: 0.5, sft: null, semievol: 0.75 };
    const figures = { metric: 'micro F1', values, selected: 20 };
    const round = { round: 3, ...figures, promoted: true, champion: 'new' };
    assert.deepEqual(latestSections([]), []);
    assert.match(
      markdown(latestSections([round])),
      /^## Rounds, by micro F1$.*^\| 3 \| 50\.0 % \| – \| 75\.0 % \| 20 \| new \| promoted \|$/ms,
    );
  });

  it('counts the rows of each file, and lists the first that are unusable', () => {
    const none = { repeated: 0, inTest: 0, inLabelled: 0, bad: {}, limited: false };
    const file = { ...none, split: 'labelled' as const, file: 'a|b.csv', rows: 9, kept: 4 };
    const text = markdown([
      dataSection({
        files: [{ ...file, repeated: 2, bad: { answer: 2, question: 1 }, limited: true }],
        problems: [{ file: 'a|b.csv', line: 7, problem: 'no answer' }],
      }),
    ]);
    assert.match(text, /^\| a\\\|b\.csv \| labelled \| 9 \| 4 \| 2 \| – \| – \| 3 \|$/m);
    assert.match(text, /^Not read to the end \(data\.limits\): a\\\|b\.csv\.$/m);
    assert.match(text, /^\| a\\\|b\.csv:7 \| no answer \|$/m);
  });
});

describe('billLine', () => {
  const bill = { cost: 1.234, unpriced: [] };

  it('tells the cost, and the requests without usage', () => {
    assert.equal(
      billLine({ bill, usage: [{ ...used, unmetered: 2 }] }),
      'Cost: $1.23. 2 requests came back without usage; their tokens are not counted.',
    );
  });

  it('tells how old its prices are', () => {
    const dated = { ...bill, asOf: '2026-11-27' };
    const line = billLine({ bill: dated, usage: [used] });
    assert.equal(line, 'Cost: $1.23, by prices of 2026-11-27 and later.');
  });

  it('never calls free what has no price', () => {
    assert.equal(billLine({ bill: { cost: null, unpriced: [] }, usage: [used] }), 'Cost: unknown.');
  });
});

describe('Markdown', () => {
  /** Texts full of what a table, or Markdown, is made of. */
  const text = fc.string({
    unit: fc.constantFrom(...'|\\`*_~[]<>&#-+=.1a \n\t\r\u2028'),
    maxLength: 12,
  });
  const unescaped = (cell: string) => cell.replaceAll(/\\(.)/g, '$1');

  it('keeps every cell and every paragraph in its place, and takes none for markup', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(text, text), { minLength: 1, maxLength: 4 }), (rows) => {
        const table = tableOf(rows, [
          { title: 'a|b', kind: 'text', of: ([first]) => first },
          { title: 'n', kind: 'count', of: () => 1 },
          { title: 'c', kind: 'text', of: ([, second]) => second },
        ]);
        const [title, ...lines] = markdown([{ title: rows[0]![0], blocks: [table] }])
          .split('\n')
          .filter((line) => line !== '');
        assert.equal(unescaped(title!), `## ${oneLine(rows[0]![0])}`);
        assert.deepEqual(lines.slice(0, 2), ['| a\\|b | n | c |', '| --- | --: | --- |']);
        const cells = lines.slice(2).map((line) => line.split(/(?<!(?<!\\)(?:\\\\)*\\)\|/));
        assert.deepEqual(
          cells.map((row) => row.map((cell) => unescaped(cell.trim()))),
          rows.map(([first, second]) => ['', oneLine(first), '1', oneLine(second), '']),
        );
        for (const cell of cells.flat())
          assert.doesNotMatch(cell.replaceAll(/\\./g, ''), /[\\`*_~[\]<>&|#]/);
      }),
    );
    fc.assert(
      fc.property(text, (paragraph) => {
        const [, , line, ...rest] = markdown([{ title: 't', blocks: [paragraph] }]).split('\n');
        assert.deepEqual(rest, ['']);
        assert.equal(unescaped(line!), oneLine(paragraph));
        assert.doesNotMatch(line!, /^(\d+[.)]|[-+=#>])/);
      }),
    );
  });
});

describe('the terminal', () => {
  it('obeys nothing that stands in a section', () => {
    const evil = 'a\u001b[2Jb\u202ec';
    const table = tableOf([evil], [{ title: evil, kind: 'text', of: (text) => text }]);
    const shown = stripVTControlCharacters(terminal([{ title: evil, blocks: [evil, table] }]));
    assert.equal(shown.split('a\\u{1b}[2Jb\\u{202e}c').length - 1, 4);
  });
});

describe('figures', () => {
  it('are written in one way', () => {
    assert.deepEqual([percent(0.8167), percent(null), count(12_345)], ['81.7 %', '–', '12,345']);
    assert.deepEqual([0.95, 0.999].map(level), ['95 %', '99.9 %']);
    assert.equal(estimate(wilson(5, 10)), '50.0 % (23.7 to 76.3 %, 5/10)');
    assert.equal(estimate(wilson(832, 1000)), '83.2 % (80.8 to 85.4 %, 832/1,000)');
    assert.equal(estimate(wilson(0, 0)), '–');
    const share = { value: 0.4567, low: 0.4, high: 0.5, got: 45.6667, of: 100 };
    assert.equal(estimate(share), '45.7 % (40.0 to 50.0 %, 45.7/100)');
    assert.deepEqual([0.002, 0.5, 42].map(perTime), ['7.2/h', '30/min', '42/s']);
    assert.equal(moment(0), '1970-01-01 00:00:00 UTC');
    assert.deepEqual(
      [amount(250, 1_000, 'rows'), amount(3, 0, 'rows'), amount(0, 0, 'rows')],
      ['250 of 1,000 rows', '3 rows', ''],
    );
    assert.deepEqual([0, 0.001, 1234.5].map(money), ['$0.00', 'less than $0.01', '$1,234.50']);
    assert.deepEqual([0, 4.16, 9.96, 59.6, 60, 3_725, 86_400, 200_000].map(duration), [
      '0 s',
      '4.2 s',
      '10 s',
      '1 min',
      '1 min',
      '1 h 2 min',
      '1 d',
      '2 d 7 h',
    ]);
  });

  it('says which rounds have no answers any more, those in a row as one', () => {
    assert.deepEqual(droppedSections([]), []);
    const textOf = (rounds: number[]) => markdown(droppedSections(rounds));
    assert.match(textOf([3]), /of round 3 are not in the store/);
    assert.match(textOf([1, 2, 3, 5, 7, 8]), /of rounds 1–3, 5, 7–8 are not/);
  });
});
