import assert from 'node:assert/strict';
import fc from 'fast-check';
import { describe, it } from 'mocha';
import { randomFrom } from '../../core/random.ts';
import { builtIn } from '../../core/registry.ts';
import { guaranteedCutoff } from '../../core/selection/calibration/guaranteed.ts';
import { auroc } from '../../core/selection/calibration/ranking.ts';
import {
  asJudged,
  choiceWithout,
  chooseScore,
  scored,
  unchosenScore,
} from '../../core/selection/choice.ts';
import type { Scorable } from '../../core/selection/rule.ts';
import type { Judged, Score } from '../../core/selection/score.ts';
import { combined } from '../../core/selection/scores/combined.ts';
import { DEFAULT_SCORE, SCORES } from '../../core/selection/scores/index.ts';
import { neighbours } from '../../core/selection/scores/neighbours.ts';
import { AUTO } from '../../core/selection/selector.ts';

const scores = new Map((SCORES as readonly Score[]).map((one) => [one.name, one]));
const unchosen = DEFAULT_SCORE;
const auto = { score: AUTO, scores, unchosen };
const row = (given: Partial<Scorable> = {}): Scorable => ({
  ...{ label: 'a', agreed: true, entropy: 0.5, probability: 0.5, neighbours: 0.5 },
  ...{ votes: 3, collaborators: 4, ...given },
});
/** As many right rows as wrong ones, told apart by what `of` gives them. */
const apart = (count: number, of: (right: boolean, index: number) => Partial<Scorable>): Judged[] =>
  Array.from({ length: count }, (_, index) => ({
    row: row(of(index % 2 === 0, index)),
    right: index % 2 === 0,
  }));

const unit = fc.double({ min: 0, max: 1, noNaN: true });
const judged = fc.array(
  fc.record({
    right: fc.boolean(),
    row: fc.record({
      label: fc.constant('a'),
      agreed: fc.boolean(),
      entropy: fc.option(fc.double({ min: 0, max: 9, noNaN: true })),
      probability: fc.option(unit),
      neighbours: fc.option(unit),
      votes: fc.integer({ min: 1, max: 4 }),
      collaborators: fc.constant(4),
    }),
  }),
  { minLength: 1, maxLength: 60 },
);

describe('the score of neighbours', () => {
  it('is the share of them that say otherwise, or nothing without any', () => {
    assert.equal(neighbours.of(row({ neighbours: 0.75 })), 0.25);
    assert.equal(neighbours.of(row({ neighbours: null })), null);
  });
});

describe('the combined score', () => {
  it('learns which of what is known tells right from wrong', () => {
    const rows = apart(60, (right, index) => ({
      probability: right ? 0.9 : 0.2,
      entropy: index % 3, // tells nothing
    }));
    const fitted = combined.fit!(rows);
    const sure = combined.of(row({ probability: 0.9, entropy: 2 }), fitted)!;
    const unsure = combined.of(row({ probability: 0.2, entropy: 0 }), fitted)!;
    assert.ok(sure < 0.2 && unsure > 0.8, `${sure} ${unsure}`);
    const unknown = combined.of(row({ probability: null }), fitted)!;
    assert.ok(sure < unknown && unknown < unsure, 'what is not known speaks neither way');
  });

  it('is a share, and plain JSON in between, whatever is missing', () => {
    fc.assert(
      fc.property(judged, (rows) => {
        const fitted = combined.fit!(rows);
        assert.deepEqual(JSON.parse(JSON.stringify(fitted)), fitted);
        for (const one of rows) {
          const said = combined.of(one.row, fitted)!;
          assert.ok(said >= 0 && said <= 1, `${said}`);
        }
      }),
    );
  });

  it('says nothing before it has learned', () => {
    assert.equal(combined.of(row()), null);
  });
});

describe('the choice of a score', () => {
  it('is the one that tells right from wrong best', () => {
    const rows = apart(100, (right) => ({ neighbours: right ? 0.9 : 0.1 }));
    const byNeighbours = chooseScore(auto, rows);
    assert.deepEqual([byNeighbours.score, byNeighbours.fitted], ['neighbours', null]);
    assert.match(byNeighbours.reason, /^of 5 scores .* best on 100 labelled examples$/);
  });

  it("is the paper's where several are as good", () => {
    const rows = apart(100, (right) => ({ entropy: right ? 0 : 2, neighbours: right ? 1 : 0 }));
    assert.equal(chooseScore(auto, rows).score, 'entropy');
  });

  it('combines what no score knows alone, and brings what was fitted', () => {
    // Right where either is high; each alone leaves half of the wrong ones in doubt.
    const rows = Array.from({ length: 200 }, (_, index) => {
      const [p, n] = [(index * 7) % 10, (index * 3 + Math.floor(index / 10)) % 10];
      return { row: row({ probability: p / 10, neighbours: n / 10 }), right: p + n > 9 };
    });
    const { score, fitted } = chooseScore(auto, rows);
    assert.equal(score, 'combined');
    assert.ok(combined.of(row({ probability: 0.9, neighbours: 0.9 }), fitted as never)! < 0.1);
  });

  it('is no better than any other on the rows it was made on', () => {
    fc.assert(
      fc.property(judged, (rows) => {
        const { score } = chooseScore(auto, rows);
        const best = auroc(asJudged(scores.get(score)!, rows));
        for (const one of scores.values()) {
          const other = auroc(asJudged(one, rows));
          assert.equal(other === null, best === null);
          if (best !== null) assert.ok(other! <= best);
        }
      }),
      { numRuns: 50 },
    );
  });

  it('is the default where all are right, or all wrong, and says so', () => {
    for (const right of [true, false])
      for (const score of [AUTO, 'combined']) {
        const rows = apart(60, () => ({})).map((one) => ({ ...one, right }));
        const choice = chooseScore({ ...auto, score }, rows);
        assert.equal(choice.score, DEFAULT_SCORE);
        assert.match(choice.reason, new RegExp(`^all 60 .* ${right ? 'right' : 'wrong'}$`));
      }
  });

  it('is the probability of labels, and else the default, where it cannot be chosen', () => {
    const taskOf = (task: { type: string; labels?: string[] }) => builtIn.task(task);
    const labels = taskOf({ type: 'classification', labels: ['a', 'b'] });
    assert.equal(unchosenScore(labels), 'probability');
    assert.equal(unchosenScore(taskOf({ type: 'numeric' })), DEFAULT_SCORE);
  });

  it('is that of the spec, fitted if need be', () => {
    const rows = apart(60, (right) => ({ neighbours: right ? 0.9 : 0.1 }));
    const { score, fitted } = chooseScore({ ...auto, score: 'combined' }, rows);
    assert.equal(score, 'combined');
    assert.deepEqual(fitted, combined.fit!(rows));
    assert.equal(chooseScore({ ...auto, score: 'votes' }, rows).score, 'votes');
    assert.equal(choiceWithout({ ...auto, score: 'votes' }, 'too few').score, 'votes');
    const without = choiceWithout(auto, 'too few');
    assert.deepEqual(without, { score: DEFAULT_SCORE, fitted: null, reason: 'too few' });
  });

  it('judges what is fitted on rows that it was not fitted on', () => {
    // Noise: on its own rows a regression over four features would do far better than 0.5.
    const noise = (index: number, by: number) => ((index * by) % 101) / 101;
    const rows = Array.from({ length: 40 }, (_, index) => ({
      row: row({
        ...{
          entropy: noise(index, 37),
          probability: noise(index, 59),
          neighbours: noise(index, 83),
        },
      }),
      right: noise(index, 71) > 0.5,
    }));
    const own = rows.map(({ row: one, right }) => ({
      score: combined.of(one, combined.fit!(rows))!,
      right,
    }));
    assert.ok(auroc(asJudged(scores.get('combined')!, rows))! < auroc(own)!);
  });

  it('made on one half of the examples lets the other half keep a guaranteed promise', () => {
    const random = randomFrom(7);
    const normal = () => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
    const share = (right: boolean) => 1 / (1 + Math.exp(-normal() - (right ? 1.5 : 0)));
    const draw = (): Judged => {
      const right = random() < 0.8;
      const [probability, sure] = [share(right), share(right)];
      return { right, row: row({ probability, neighbours: share(right), entropy: 1 - sure }) };
    };
    const drawn = (count: number) => Array.from({ length: count }, draw);
    const [draws, error] = [200, 0.1];
    let [broken, kept] = [0, 0];
    for (let index = 0; index < draws; index++) {
      const { score: name, fitted } = chooseScore(auto, drawn(150));
      const of = (rows: readonly Judged[]) => scored(scores.get(name)!, fitted, rows);
      const unlabelled = of(drawn(300)).sort((a, b) => a.score - b.score);
      const ranked = Float64Array.from(unlabelled, ({ score }) => score);
      const cut = guaranteedCutoff(of(drawn(150)), ranked, error, 0.1);
      const wrongKept = unlabelled.slice(0, cut.kept).filter(({ right }) => !right).length;
      if (wrongKept > error * cut.kept) broken++;
      kept += cut.kept / 300 / draws;
    }
    assert.ok(broken / draws <= 0.12, `${broken} of ${draws} draws break the promise`);
    assert.ok(kept > 0.5, `${kept} are kept: more than the median rule keeps`);
  });
});
