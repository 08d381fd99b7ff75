import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { feed, nextAttempt, prepare } from '../../cli/demoRuns.ts';
import { type Forecast, follow, type ProgressDisplay } from '../../cli/progress.ts';
import { useBench } from '../support/suite.ts';

describe('a demo of several rounds', () => {
  const bench = useBench('suite');

  it('gets a part of its unlabelled examples before each, and each part once', async () => {
    await bench.startWorker();
    const sizes = { labelled: 16, unlabelled: 26, test: 16, rounds: 2 };
    const { spec, folder } = await prepare(bench.folder, nextAttempt(sizes, 0));
    const run = await bench.client.start(spec, { folder });
    const said: string[] = [];
    const { signal } = new AbortController();
    const shown = new Map<number, Set<Forecast | undefined>>();
    const display: ProgressDisplay = {
      update({ status }, forecast) {
        if (status) shown.set(status.round, (shown.get(status.round) ?? new Set()).add(forecast));
      },
      say: (line) => said.push(line),
      stop: () => {},
    };
    const forecasts: Forecast[] = [{}, { propagate: 13 }, { propagate: 26 }];
    await Promise.all([
      feed(run, folder, { signal, say: display.say }),
      follow(run, display, signal, (round) => forecasts[round]!),
    ]);
    assert.deepEqual(said, ['13 more unlabelled examples have come, by "semievol add"']);
    for (const round of [1, 2])
      assert.deepEqual([...shown.get(round)!], [forecasts[round]], `round ${round}`);
    const { rounds, segments } = await run.reports();
    assert.deepEqual(
      rounds.map(({ examples }) => examples.unlabelled),
      [13, 26],
    );
    assert.deepEqual(
      segments.map(({ added }) => added.unlabelled),
      [13],
    );
  });
});
