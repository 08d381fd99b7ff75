import assert from 'node:assert/strict';
import { stripVTControlCharacters } from 'node:util';
import { describe, it } from 'mocha';
import { terminal } from '../../cli/terminal.ts';
import { markdown } from '../../core/report/markdown.ts';
import { trustSections } from '../../core/report/trust.ts';
import type { RoundReport } from '../../core/roundReport.ts';
import type { Calibration } from '../../core/selection/calibration/calibration.ts';
import { wilson } from '../../core/statistics.ts';

const precision = { 25: 1, 50: 0.967, 75: null };

const calibration: Calibration = {
  ...{ source: 'cross-fit', rows: 1_160, right: 928 },
  score: 'votes',
  reason: 'its AUROC is the best of these',
  scores: [
    { name: 'entropy', rows: 1_160, auroc: 0.8, precision },
    {
      ...{ name: 'votes', rows: 1_160, auroc: 0.8667, precision },
      againstGold: { rows: 300, auroc: 0.8812, precision },
    },
  ],
  reliability: [
    { from: 0.2, to: 0.3, rows: 4, confidence: 0.25, accuracy: 0.5 },
    { from: 0.9, to: 1, rows: 90, confidence: 0.98, accuracy: 0.9 },
  ],
  calibrationError: 0.0872,
  band: [0.05, 0.1, 0.15, 0.2, 0.5, 0.55, 1].map((coverage) => ({
    ...{ coverage, precision: coverage === 0.1 ? null : 1 - coverage / 5, least: 1 - coverage / 2 },
  })),
  bandDelta: 0.1,
  promised: { mode: 'guaranteed', delta: 0.1, wanted: 0.05, stated: 0.046 },
  seenError: wilson(2, 98),
  trueError: wilson(6, 150),
};

const reportOf = (one?: Calibration) =>
  ({ confidence: 0.95, pseudoLabels: { calibration: one } }) as RoundReport;

const renderings = {
  Markdown: (one?: Calibration) => markdown(trustSections(reportOf(one))),
  'the terminal': (one?: Calibration) =>
    stripVTControlCharacters(terminal(trustSections(reportOf(one))))
      .replaceAll('│', '|')
      .replaceAll(/ +/g, ' '),
};

describe('what a report says of how far labels can be trusted', () => {
  for (const [where, rendered] of Object.entries(renderings)) {
    it(`is the same in ${where}`, () => {
      const text = rendered(calibration);
      for (const fact of [
        'How far the labels can be trusted',
        '1,160 labelled examples were answered by models that had learned from the others only',
        'Of the labels that these were given 80.0 % are right.',
        '| at most, with 90 % confidence | 5.0 % | 4.6 % | 2.0 % (0.6 to 7.1 %, 2/98) | 4.0 % (1.8 to 8.5 %, 6/150) |',
        '| entropy | labelled | 1,160 | 0.800 | 100.0 % | 96.7 % | – |',
        '| votes | labelled | 1,160 | 0.867 |',
        '| votes | gold of the unlabelled | 300 | 0.881 |',
        'Selection went by votes: its AUROC is the best of these.',
        '| 10.0 % | – | 95.0 % |',
        '| 20.0 % | 96.0 % | 90.0 % |',
        '| 100.0 % | 80.0 % | 50.0 % |',
        '| 0.9 to 1.0 | 90 | 98.0 % | 90.0 % |',
        'lie 8.7 % apart',
      ])
        assert.ok(text.includes(fact), `${fact} is missing in\n${text}`);
      for (const coverage of ['| 15.0 % |', '| 55.0 % |'])
        assert.ok(!text.includes(coverage), 'tenths of coverage are enough');
    });

    it(`leaves out what there is not, in ${where}`, () => {
      const bare = rendered({
        ...calibration,
        ...{ source: 'held-out', reliability: [], calibrationError: null, promised: undefined },
        trueError: wilson(0, 0),
      });
      assert.match(
        bare,
        /1,160 labelled examples were kept out of the training of those who answer and of prompts; both SFT models have learned from all\./,
      );
      assert.ok(bare.includes('| – | – | – | 2.0 % (0.6 to 7.1 %, 2/98) | – |'), bare);
      assert.doesNotMatch(bare, /probability of/);
      assert.equal(rendered(undefined).trim(), '');
    });
  }

  it('tells an error on average from one at most', () => {
    const promised = { mode: 'expected', wanted: 0.05, stated: 0.049 } as const;
    assert.match(
      renderings.Markdown({ ...calibration, promised }),
      /^\| on average \| 5\.0 % \| 4\.9 % \|/m,
    );
  });
});
