import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { NO_FIGURES, sumOf } from '../../core/figures.ts';
import { jobProgress } from '../../core/report/job.ts';
import { markdown } from '../../core/report/markdown.ts';
import { roundProgress, runProgress, spentText } from '../../core/report/progress.ts';
import { NO_SCORE } from '../../core/score.ts';
import { NOTHING_SPENT } from '../../core/spent.ts';
import type { PhaseStatus, RoundStatus } from '../../core/status.ts';

const NOW = Date.parse('2026-01-02T03:04:05Z');
const minutesAgo = (minutes: number) => NOW - 60_000 * minutes;

const propagating: PhaseStatus = {
  ...{ name: 'propagate', state: 'running', done: 250, total: 1_000, unit: 'examples' },
  startedAt: minutesAgo(10),
  paced: { at: minutesAgo(5), done: 100 },
};
const status: RoundStatus = {
  round: 2,
  phases: [
    {
      ...{ name: 'embed', state: 'skipped', done: 0, total: 0, unit: 'vectors' },
      reason: 'no collaborator is shown neighbours',
    },
    propagating,
    { name: 'select', state: 'waiting', done: 0, total: 1_000, unit: 'pseudo-labels' },
  ],
  figures: { ...NO_FIGURES, agreed: 200, disagreed: 50 },
};
const page = (change: Partial<RoundStatus> = {}) =>
  markdown([roundProgress({ ...status, ...change }, 'fpb', NOW)]);

describe('the page of a round', () => {
  it('says what is under way, how fast it goes and how long it will take', () => {
    const text = page();
    assert.match(text, /^## Round 2: propagate, 250 of 1,000 examples/);
    assert.match(
      text,
      /\| propagate \| ▶ running, 250 of 1,000 examples \| · for 10 min, 30\/min, about 25 min left \|/,
    );
    assert.match(text, /\| embed \| – skipped, no collaborator is shown neighbours \|/);
    assert.match(text, /\| agreement: \| 80\.0 % of 250 examples \|/);
    assert.match(text, /As of 2026-01-02 03:04:05 UTC/);
  });

  it('says how good the models are so far, by the first metric', () => {
    const parts = [
      { metric: 'micro F1', got: 30.5, of: 50 },
      { metric: 'subset accuracy', got: 3, of: 10 },
    ];
    const scores = { vanilla: { examples: 10, parts }, sft: NO_SCORE };
    const text = page({ figures: { ...status.figures, scores } });
    assert.match(text, /\| micro F1 of vanilla: \| 61\.0 % of 10 test examples \|/);
    assert.doesNotMatch(text, /subset accuracy|of sft/);
  });

  it('says first why it does not go on, and then no rate', () => {
    const paused = page({ pausedAt: minutesAgo(1) });
    assert.match(
      paused,
      /^## Round 2: paused\n\n‖ Paused since 2026-01-02 03:03:05 UTC.*semievol resume fpb/,
    );
    assert.doesNotMatch(paused, /\/min/);
    const trouble = 'endpoint "gpu" answered 402: top up; held back since 03:00:00 UTC';
    const [embed, , select] = status.phases;
    const held = page({ phases: [embed!, { ...propagating, trouble }, select!] });
    assert.match(held, /examples\n\n⚠ endpoint "gpu" answered 402: top up; held back since/);
    const others = `${trouble}\nendpoint "lab" cannot be reached`;
    const both = page({ phases: [embed!, { ...propagating, trouble: others }, select!] });
    assert.match(both, /⚠ endpoint "gpu".* mended\.\n\n⚠ endpoint "lab" cannot be reached\./);
    assert.doesNotMatch(held, /\/min/);
  });

  it('says what it waits for', () => {
    const waitsFor = 'job ftjob-1 at together, queued since 2026-01-02 01:00:00 UTC';
    const phases: PhaseStatus[] = [
      { name: 'warm-up', state: 'running', done: 0, total: 0, unit: 'steps', waitsFor },
    ];
    assert.match(page({ phases }), /warm-up waits for job ftjob-1 at together, queued since/);
  });
});

describe('the page of a run', () => {
  it('tells what all its rounds have spent so far', () => {
    const spent = { ...NOTHING_SPENT, promptTokens: 1_000, cost: 1 };
    const news = { ...status, figures: { ...NO_FIGURES, spent } };
    const run = { run: 'fpb', round: 2, rounds: 3, spent, news };
    const text = markdown([runProgress(run, NOW)]);
    assert.match(text, /^## fpb, round 2 of 3: propagate/);
    assert.match(text, /\| spent: \| \$2\.00; tokens: 2,000 prompt \|/);
  });

  it('says that it waits, and for what, where nothing is under way', () => {
    const waitsFor = '3 of 9 new labelled examples';
    const run = { run: 'fpb', round: 2, rounds: 3, spent: NOTHING_SPENT, waitsFor };
    assert.match(
      markdown([runProgress(run, NOW)]),
      /^## fpb, round 2 of 3: waiting\n\n○ It waits for 3 of 9 new labelled examples\./,
    );
  });

  it('says that it looks at models and data before the first round tells of itself', () => {
    const run = { run: 'fpb', round: 1, rounds: 1, spent: NOTHING_SPENT };
    assert.match(
      markdown([runProgress(run, NOW)]),
      /^## fpb, round 1 of 1: looks at models and data/,
    );
  });
});

describe('the page of a fine-tune', () => {
  const job = { endpoint: 'gpu', base: 'small', stage: 'waiting for the job', jobId: 'job-1' };
  const seen = { detail: 'running', done: 41, total: 60, since: minutesAgo(2), at: NOW };

  it('says how the job was seen last, as long as there is no model', () => {
    const text = markdown([jobProgress({ ...job, seen }, NOW)]);
    assert.match(text, /\| status: \| running, since 2026-01-02 03:02:05 UTC \|/);
    assert.match(text, /\| steps: \| 41 of 60 steps \|/);
    const done = markdown([jobProgress({ ...job, seen, stage: 'done', model: 'ft:small' }, NOW)]);
    assert.match(done, /\| tuned model: \| ft:small \|/);
    assert.doesNotMatch(done, /running|41 of 60|under way/);
  });
});

describe('what was spent', () => {
  it('is never said to be free where prices are not known', () => {
    const spent = { ...NOTHING_SPENT, promptTokens: 5, isPartial: true };
    assert.equal(spentText(spent), 'price unknown; tokens: 5 prompt');
    assert.equal(
      spentText({ ...spent, cost: 0.5 }),
      '$0.50, and what has no price; tokens: 5 prompt',
    );
    assert.equal(spentText(NOTHING_SPENT), 'nothing yet');
  });

  it('is the sum over the phases, and what one alone tells is kept', () => {
    const spent = { ...NOTHING_SPENT, trainedTokens: 2, cost: 1 };
    const sum = sumOf([{ spent }, { spent, agreed: 3 }, { selected: 7 }]);
    assert.deepEqual(sum, {
      ...{ agreed: 3, disagreed: 0, selected: 7, scores: undefined },
      spent: { ...spent, trainedTokens: 4, cost: 2 },
    });
  });
});
