import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { feed, nextAttempt, prepare } from '../../cli/demoRuns.ts';
import { useBench } from '../support/suite.ts';

describe('a demo of several rounds', () => {
  const bench = useBench('suite');

  it('gets a part of its unlabelled examples before each, and each part once', async () => {
    await bench.startWorker();
    const sizes = { labelled: 16, unlabelled: 26, test: 16, rounds: 2 };
    const { spec, folder } = await prepare(bench.folder, nextAttempt(sizes, 0));
    const run = await bench.client.start(spec, { folder });
    const said: string[] = [];
    await feed(run, folder, {
      signal: new AbortController().signal,
      say: (line) => said.push(line),
    });
    assert.deepEqual(said, ['13 more unlabelled examples have come, by "semievol add"']);
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
