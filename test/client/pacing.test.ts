import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { Lines, phaseLine } from '../../cli/progress.ts';
import { Pacing } from '../../client/pacing.ts';
import { type PhaseView, type RunView, timed, withProgress } from '../../client/runView.ts';
import type { PhaseStatus, Progress } from '../../core/status.ts';

const START = 1_700_000_000_000;
const at = (seconds: number) => START + 1_000 * seconds;

const phase: PhaseStatus = {
  ...{ name: 'propagate', state: 'running', done: 0, total: 300, unit: 'examples' },
  startedAt: START,
  paced: { at: START, done: 0 },
};
const view = (phases: PhaseView[], change: Partial<RunView> = {}): RunView => ({
  ...{ name: 'r', state: 'running', workerPolling: true, phases },
  ...change,
});
const paused = { status: { paused: true } } as Partial<RunView>;

describe('the time left of a phase', () => {
  const left = (view: RunView) => view.phases[0]!.secondsLeft;

  it('counts the single answers of batches under way', () => {
    const said: Progress = { done: 200, total: 1_200, unit: 'answers' };
    const beats = [40, 60].map((done) => ({ done, total: 200, unit: 'answers' }));
    const seen = withProgress(phase, said, { progress: beats });
    assert.deepEqual([seen.done, seen.total, seen.unit], [300, 1_200, 'answers']);
    const line = phaseLine(timed(view([seen]), undefined, at(60)).phases[0]!);
    assert.match(line, /^propagate +running +300\/1200 answers .* about 3 min left$/);
  });

  it('goes by examples that were done before in as many answers', () => {
    const resumed = { ...phase, paced: { at: START, done: 100 } };
    const said: Progress = { done: 500, total: 1_200, unit: 'answers' };
    const seen = withProgress(resumed, said, { progress: [] });
    assert.equal(left(timed(view([seen]), undefined, at(10))), 70);
  });

  it('goes by when a job began to move, not by its time in a queue', () => {
    const job: PhaseStatus = { ...phase, name: 'warm-up', total: 0, unit: 'steps' };
    const beat = { done: 21, total: 61, unit: 'steps', paced: { at: at(3_600), done: 1 } };
    const said = { done: 0, total: 60, unit: 'steps' };
    const seen = withProgress(job, said, { progress: [beat] });
    assert.equal(seen.done, 21, 'what a job has done counts once');
    assert.equal(left(timed(view([seen]), undefined, at(3_610))), 19.5);
  });

  it('is not told of what is paused, held up or over', () => {
    const seen = { ...phase, done: 100 };
    assert.equal(left(timed(view([seen]), undefined, at(60))), 120);
    assert.equal(left(timed(view([seen], paused), undefined, at(60))), undefined);
    const trouble = 'endpoint "gpu" answered 402';
    assert.equal(left(timed(view([{ ...seen, trouble }]), undefined, at(60))), undefined);
    assert.equal(left(timed(view([{ ...seen, state: 'done' }]), undefined, at(60))), undefined);
  });

  it('goes by the rate of late, where a run is followed', () => {
    const pacing = new Pacing();
    const doneAt = (second: number) => (second <= 60 ? second / 6 : 10 + 2 * (second - 60));
    const followed = Array.from({ length: 120 }, (_, index) =>
      left(pacing.of(view([{ ...phase, done: doneAt(index + 1) }]), at(index + 1))),
    );
    assert.ok(Math.abs(followed.at(-1)! - (300 - 130) / 2) < 3, `${followed.at(-1)}`);
    const once = left(timed(view([{ ...phase, done: 130 }]), undefined, at(120)))!;
    assert.ok(once > 150, 'a single look knows the mean rate alone');
  });

  it('is measured anew after a pause', () => {
    const pacing = new Pacing();
    for (let second = 1; second <= 60; second++)
      pacing.of(view([{ ...phase, done: second }]), at(second));
    const resumed = { ...phase, done: 60, paced: { at: at(600), done: 60 } };
    assert.equal(left(pacing.of(view([resumed]), at(601))), undefined);
    assert.equal(left(pacing.of(view([{ ...resumed, done: 115 }]), at(612))), 37);
  });
});

describe('the forecast of a phase', () => {
  const forecast = { propagate: 119 };

  it('is told until the phase has moved', () => {
    const waiting = phaseLine({ ...phase, state: 'waiting' }, forecast);
    assert.match(waiting, /^propagate +waiting +0\/300 examples .* about 2 min$/);
    assert.match(phaseLine(phase, forecast), / about 2 min$/);
    assert.doesNotMatch(phaseLine({ ...phase, done: 1 }, forecast), /about/);
  });

  it('is not told of what is held up, nor of a phase that has none', () => {
    const trouble = 'endpoint "gpu" answered 402';
    assert.doesNotMatch(phaseLine({ ...phase, trouble }, forecast), /about/);
    assert.doesNotMatch(phaseLine({ ...phase, name: 'select' }, forecast), /about/);
  });
});

describe('progress in lines', () => {
  function shown(views: (write: (view: RunView, second: number) => void) => void): string[] {
    const lines: string[] = [];
    let second = 0;
    const display = new Lines(
      (line) => lines.push(line),
      () => at(second),
    );
    views((one, now) => {
      second = now;
      display.update(one);
    });
    return lines;
  }
  const amounts = (lines: string[]) => lines.map((line) => /(\d+)\/\d+ /.exec(line)?.[1]);

  it('moves every few seconds at first, and grows little afterwards', () => {
    const lines = shown((show) => {
      for (let second = 0; second <= 3_600; second++)
        show(view([{ ...phase, total: 3_601, done: second }]), second);
    });
    assert.deepEqual(amounts(lines).slice(0, 5), ['0', '5', '10', '15', '20']);
    assert.ok(lines.length > 50 && lines.length < 150, `${lines.length} lines`);
  });

  it('says nothing where nothing moves, and at once what is another thing', () => {
    const trouble = 'endpoint "gpu" answered 402: top up';
    const lines = shown((show) => {
      for (let second = 0; second < 60; second++) show(view([{ ...phase, done: 7 }]), second);
      show(view([{ ...phase, done: 7, trouble, note: trouble }]), 61);
      for (let second = 62; second < 120; second++) {
        const note = `${trouble}, looked at ${second} times`;
        show(view([{ ...phase, done: 7, trouble, note }]), second);
      }
    });
    assert.equal(lines.length, 2);
    assert.match(lines[1]!, /top up/);
  });

  it('leaves no phase in the midst when the run has completed', () => {
    const lines = shown((show) => {
      const job = { ...phase, name: 'fine-tune', done: 113, total: 120, unit: 'steps' } as const;
      show(view([{ ...job, secondsLeft: 12, note: 'running' }]), 0);
      show(view([], { state: 'completed' }), 9);
    });
    assert.match(lines[0]!, /113\/120 steps .* about 10 s left, running/);
    assert.match(lines[1]!, /^fine-tune +done +120\/120 steps/);
    assert.doesNotMatch(lines[1]!, /left|running/);
  });

  it('ends the phases of a round when the run waits for the next, and says for what', () => {
    const last = { ...phase, name: 'evaluate', done: 72, total: 96, unit: 'examples' } as const;
    const of = (round: number) => ({ round, rounds: 9 }) as never;
    const waiting = { round: 2, rounds: 9, waitsFor: '3 of 9 new labelled examples' } as never;
    const lines = shown((show) => {
      show(view([last], { status: of(1) }), 0);
      show(view([], { status: waiting }), 9);
      show(view([], { status: waiting }), 19);
      show(view([{ ...last, done: 5 }], { status: of(2) }), 29);
    });
    const expected = [
      /^round 1 of 9$/,
      /^evaluate +running +72\/96/,
      /^waits for 3 of 9 new labelled examples$/,
      /^evaluate +done +96\/96/,
      /^round 2 of 9$/,
      /^evaluate +running +5\/96/,
    ];
    assert.equal(lines.length, expected.length, lines.join('\n'));
    for (const [index, line] of lines.entries()) assert.match(line, expected[index]!);
  });
});
